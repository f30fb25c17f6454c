-- What workers report about their partitions. The watermark and the incidents of kind `pipeline` are made from it.
-- There is one row per partition, whichever worker has it; the newest replaces the others. Rows hold durations instead
-- of times, because the clocks of hosts differ. Only `at` can be compared: it is the store's own time.

CREATE TABLE IF NOT EXISTS ingest_state{local} {on_cluster} (
  topic LowCardinality(String),
  partition Int32,
  worker String,
  state LowCardinality(String) COMMENT 'held: the worker has it; left: the worker stopped in order',
  reason LowCardinality(String) COMMENT 'what keeps the worker from going on: starting, refused_rows, store, broker; empty: nothing it knows of',
  next_offset Int64 COMMENT 'all before it is stored; -1: where to begin is not decided',
  behind UInt64 COMMENT 'offsets that are known to wait from there on',
  stored_age_ms UInt64 COMMENT 'before `at`: what had come in by then is stored; within a backlog, the time of the requests that is reached',
  still_ms UInt64 COMMENT 'before `at`: when it last moved, or nothing was waiting',
  moved_at DateTime64(3, 'UTC') COMMENT 'the same by the clock of the worker: equal in each row while it stands still',
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'when the worker said so'
) ENGINE = {engine:ReplacingMergeTree(at)}
ORDER BY (topic, partition)
TTL toDateTime(at) + INTERVAL 7 DAY;
