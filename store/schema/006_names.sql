-- Which values of the dimensions are counted by name, and how many requests are counted under (other) instead:
-- docs/decisions/0039.

ALTER TABLE ingest_batches{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS names_day Date COMMENT 'newest day of event time (UTC) that the partition had with this batch',
  ADD COLUMN IF NOT EXISTS name_dimensions Array(LowCardinality(String)) COMMENT 'of each name',
  ADD COLUMN IF NOT EXISTS names Array(String) COMMENT 'values that this batch was the first to have on that day',
  ADD COLUMN IF NOT EXISTS folded_dimensions Array(LowCardinality(String)) COMMENT 'with values beyond the cap',
  ADD COLUMN IF NOT EXISTS folded Array(UInt64) COMMENT 'requests counted under (other) in each of these';
