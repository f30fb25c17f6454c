-- Fields of counted records that held nothing of their kind and were left out, by name, so that anyone can ask for them
-- without the worker that met them.

ALTER TABLE ingest_batches{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS dropped_fields Array(LowCardinality(String)) COMMENT 'names of fields left out as unreadable',
  ADD COLUMN IF NOT EXISTS dropped_counts Array(UInt64) COMMENT 'records of the batch in which each of these was';
