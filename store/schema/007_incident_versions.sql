-- The versions of each incident (`incidents` keeps only the last one), and the settings with which incidents were
-- judged: docs/decisions/0036.

CREATE TABLE IF NOT EXISTS incident_versions{local} {on_cluster} (
  id String,
  version UInt64 COMMENT 'event time of the evaluation that wrote the row, ms',
  kind LowCardinality(String),
  state LowCardinality(String),
  severity LowCardinality(String),
  scope String COMMENT 'JSON',
  stage String COMMENT 'how often it was opened again, why nothing can be said, and how many consequences it has',
  span DateTime('UTC') COMMENT 'the ten minutes of the version: while nothing else changes, one row of them is kept',
  started_at DateTime64(3, 'UTC'),
  detected_at DateTime64(3, 'UTC'),
  resolved_at Nullable(DateTime64(3, 'UTC')),
  summary String,
  verdict_party LowCardinality(String),
  verdict_why String,
  evidence String COMMENT 'JSON',
  remedy String COMMENT 'JSON',
  sample_request_ids Array(String),
  related Array(String),
  memory String COMMENT 'JSON: what the state machine remembers between evaluations' CODEC(ZSTD(3)),
  earlier UInt64 COMMENT 'the higher, the earlier: the first row of a span stays',
  written_at DateTime('UTC') DEFAULT now('UTC')
) ENGINE = {engine:ReplacingMergeTree(earlier)}
PARTITION BY toYYYYMMDD(written_at)
ORDER BY (id, state, severity, scope, stage, span)
TTL written_at + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS incident_versions_view {on_cluster} TO incident_versions{local} AS
SELECT id, version, kind, state, severity, scope,
  concat(JSONExtractRaw(memory, 'life', 'reopened'), ' ', JSONExtractRaw(memory, 'life', 'held'), ' ', toString(length(related))) AS stage,
  toDateTime(intDiv(version, 600000) * 600, 'UTC') AS span,
  started_at, detected_at, resolved_at, summary, verdict_party, verdict_why, evidence, remedy, sample_request_ids, related, memory,
  18446744073709551615 - version AS earlier
FROM incidents{local};

-- One row each time an analyzer starts with other settings than the one before.
CREATE TABLE IF NOT EXISTS analyzer_settings{local} {on_cluster} (
  since DateTime('UTC') COMMENT 'event time of the first evaluation with them',
  settings String COMMENT 'JSON',
  written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = {engine:ReplacingMergeTree(written_at)}
ORDER BY since;
