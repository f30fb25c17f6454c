-- Names of fields that were left out of counted records because their value could not be used. They are stored so that
-- they can be read without the worker that found them.

ALTER TABLE ingest_batches{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS dropped_fields Array(LowCardinality(String)) COMMENT 'names of fields left out as unreadable',
  ADD COLUMN IF NOT EXISTS dropped_counts Array(UInt64) COMMENT 'records of the batch in which each of these was';
