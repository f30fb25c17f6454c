-- The state of `faultline reclassify`: docs/decisions/0043. All changes are stored here before any of them is made, so
-- that the process that continues after a crash makes the same changes.

CREATE TABLE IF NOT EXISTS reclassify_runs{local} {on_cluster} (
  term UInt64 COMMENT 'raised by whoever begins or takes over; the highest may write',
  run String,
  holder String,
  since DateTime('UTC') COMMENT 'event time of the first errors that are judged',
  until DateTime('UTC') COMMENT 'exclusive',
  rules UInt16 COMMENT 'version of the rules that judge',
  started_at DateTime('UTC'),
  state LowCardinality(String) COMMENT 'running, left: ended before its end, finished',
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'when the holder said so'
) ENGINE = {engine:ReplacingMergeTree(at)}
ORDER BY term
SETTINGS {window};

-- One row per unit, which is a span of event time within a day. The row of a later step replaces the earlier one.
CREATE TABLE IF NOT EXISTS reclassify_units{local} {on_cluster} (
  run String,
  from DateTime('UTC'),
  to DateTime('UTC') COMMENT 'exclusive',
  step UInt8 COMMENT '1: the changes are in reclassify_events, 2: and in the counts, 3: and in error_events',
  tables Array(LowCardinality(String)) COMMENT 'tables of counts that hold the day in full, and are changed',
  changed UInt64 COMMENT 'errors that are judged otherwise',
  report String COMMENT 'JSON: what was found',
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = {engine:ReplacingMergeTree(step)}
ORDER BY (run, from)
SETTINGS {window};

-- The errors whose judgement changes, of the unit that is being changed.
CREATE TABLE IF NOT EXISTS reclassify_events{local} {on_cluster} (
  run String,
  unit DateTime('UTC') COMMENT 'start of its span',
  topic LowCardinality(String),
  partition Int32,
  offset Int64,
  part UInt32,
  ts_ms Int64,
  request_id String,
  old_class LowCardinality(String),
  old_subclass LowCardinality(String),
  old_rule LowCardinality(String),
  old_generation LowCardinality(String),
  old_retry LowCardinality(String),
  old_fault LowCardinality(String),
  old_wait Nullable(Float64),
  class LowCardinality(String),
  subclass LowCardinality(String),
  rule LowCardinality(String),
  generation LowCardinality(String),
  retry LowCardinality(String),
  fault LowCardinality(String),
  wait Nullable(Float64),
  counted_as Array(String) COMMENT 'values of the dimensions under which it is counted; empty: no table holds its count',
  headers Map(LowCardinality(String), String),
  row String COMMENT 'the corrected row of error_events, TabSeparated' CODEC(ZSTD(3))
) ENGINE = {engine:MergeTree()}
ORDER BY (run, unit)
SETTINGS {window};
