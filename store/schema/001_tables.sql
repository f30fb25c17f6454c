-- Macros, filled in by store/migrate.ts: {on_cluster}, {engine:Name(args)}, {local} (suffix of the tables that
-- hold the data when a cluster is configured), {window} (deduplication windows).
-- Tokens are remembered per table partition: a partition key must be the same when a batch is repeated, so it may be
-- the time of an event, but never the time of the insert.
-- Column names are those of the record, so that nothing is renamed on the way.

CREATE TABLE IF NOT EXISTS request_counts{local} {on_cluster} (
  ts DateTime('UTC') COMMENT 'start of the 10 s interval',
  provider LowCardinality(String),
  org LowCardinality(String),
  project LowCardinality(String),
  api_key LowCardinality(String) COMMENT 'fingerprint, never the key',
  client LowCardinality(String),
  region LowCardinality(String),
  model LowCardinality(String),
  endpoint LowCardinality(String),
  class LowCardinality(String),
  subclass LowCardinality(String),
  status UInt16,
  requests SimpleAggregateFunction(sum, UInt64),
  retries SimpleAggregateFunction(sum, UInt64),
  useless_retries SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cost_usd SimpleAggregateFunction(sum, Float64),
  latency_ms_sum SimpleAggregateFunction(sum, Float64),
  latency_buckets SimpleAggregateFunction(sumMap, Map(UInt32, UInt64)) COMMENT 'upper bound in ms (0: open) -> requests',
  min_remaining_requests SimpleAggregateFunction(min, Nullable(Float64)),
  limit_requests SimpleAggregateFunction(max, Nullable(Float64)),
  min_remaining_tokens SimpleAggregateFunction(min, Nullable(Float64)),
  limit_tokens SimpleAggregateFunction(max, Nullable(Float64))
) ENGINE = {engine:AggregatingMergeTree()}
PARTITION BY toYYYYMMDD(ts)
ORDER BY (ts, provider, org, project, api_key, client, region, model, endpoint, class, subclass, status)
TTL ts + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1, {window};

CREATE TABLE IF NOT EXISTS request_counts_1m{local} {on_cluster} (
  ts DateTime('UTC'),
  provider LowCardinality(String),
  org LowCardinality(String),
  project LowCardinality(String),
  api_key LowCardinality(String),
  client LowCardinality(String),
  region LowCardinality(String),
  model LowCardinality(String),
  class LowCardinality(String),
  subclass LowCardinality(String),
  requests SimpleAggregateFunction(sum, UInt64),
  retries SimpleAggregateFunction(sum, UInt64),
  useless_retries SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cost_usd SimpleAggregateFunction(sum, Float64),
  latency_ms_sum SimpleAggregateFunction(sum, Float64),
  latency_buckets SimpleAggregateFunction(sumMap, Map(UInt32, UInt64))
) ENGINE = {engine:AggregatingMergeTree()}
PARTITION BY toYYYYMM(ts)
ORDER BY (ts, provider, org, project, api_key, client, region, model, class, subclass)
TTL ts + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, {window};

CREATE MATERIALIZED VIEW IF NOT EXISTS request_counts_1m_view {on_cluster} TO request_counts_1m{local} AS
SELECT toStartOfMinute(ts) AS ts, provider, org, project, api_key, client, region, model, class, subclass,
  sum(requests) AS requests, sum(retries) AS retries, sum(useless_retries) AS useless_retries,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd,
  sum(latency_ms_sum) AS latency_ms_sum, sumMap(latency_buckets) AS latency_buckets
FROM request_counts{local}
GROUP BY ts, provider, org, project, api_key, client, region, model, class, subclass;

CREATE TABLE IF NOT EXISTS request_counts_1h{local} {on_cluster} (
  ts DateTime('UTC'),
  provider LowCardinality(String),
  org LowCardinality(String),
  project LowCardinality(String),
  client LowCardinality(String),
  model LowCardinality(String),
  class LowCardinality(String),
  subclass LowCardinality(String),
  requests SimpleAggregateFunction(sum, UInt64),
  retries SimpleAggregateFunction(sum, UInt64),
  useless_retries SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cost_usd SimpleAggregateFunction(sum, Float64),
  latency_ms_sum SimpleAggregateFunction(sum, Float64),
  latency_buckets SimpleAggregateFunction(sumMap, Map(UInt32, UInt64))
) ENGINE = {engine:AggregatingMergeTree()}
PARTITION BY toYYYYMM(ts)
ORDER BY (ts, provider, org, project, client, model, class, subclass)
TTL ts + INTERVAL 3 YEAR
SETTINGS ttl_only_drop_parts = 1, {window};

CREATE MATERIALIZED VIEW IF NOT EXISTS request_counts_1h_view {on_cluster} TO request_counts_1h{local} AS
SELECT toStartOfHour(ts) AS ts, provider, org, project, client, model, class, subclass,
  sum(requests) AS requests, sum(retries) AS retries, sum(useless_retries) AS useless_retries,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd,
  sum(latency_ms_sum) AS latency_ms_sum, sumMap(latency_buckets) AS latency_buckets
FROM request_counts{local}
GROUP BY ts, provider, org, project, client, model, class, subclass;

CREATE TABLE IF NOT EXISTS error_events{local} {on_cluster} (
  ts DateTime64(3, 'UTC') COMMENT 'when the request ended',
  request_id String,
  provider LowCardinality(String),
  org LowCardinality(String),
  project LowCardinality(String),
  api_key LowCardinality(String) COMMENT 'fingerprint, never the key',
  client LowCardinality(String),
  region LowCardinality(String),
  model LowCardinality(String),
  endpoint LowCardinality(String),
  status UInt16,
  class LowCardinality(String),
  subclass LowCardinality(String),
  rule LowCardinality(String) COMMENT 'id of the rule that gave the class',
  generation LowCardinality(String),
  retry LowCardinality(String),
  fault LowCardinality(String),
  wait_seconds Nullable(Float64) COMMENT 'how long the provider asked to wait',
  type String,
  code String,
  message String COMMENT 'redacted, at most 4 KiB',
  body String COMMENT 'redacted error as it came, at most 8 KiB: what reclassify reads' CODEC(ZSTD(3)),
  exception String,
  headers Map(LowCardinality(String), String) COMMENT 'rate-limit and retry headers only',
  latency_ms Float64,
  input_tokens UInt64,
  output_tokens UInt64,
  cost_usd Float64,
  retry_count UInt16,
  stream Bool,
  taxonomy_version UInt16,
  topic LowCardinality(String),
  partition Int32,
  offset Int64,
  part UInt32 COMMENT 'place within a message that holds many requests',
  inserted_at DateTime('UTC') DEFAULT now('UTC')
) ENGINE = {engine:MergeTree()}
PARTITION BY toYYYYMMDD(ts)
ORDER BY (class, provider, ts)
TTL toDateTime(ts) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, {window};

CREATE TABLE IF NOT EXISTS dead_letters{local} {on_cluster} (
  topic LowCardinality(String),
  partition Int32,
  offset Int64,
  part UInt32,
  reason LowCardinality(String),
  detail String,
  body String COMMENT 'redacted; cut at 1 MiB' CODEC(ZSTD(3)),
  size UInt64 COMMENT 'bytes before redaction and cut',
  inserted_at DateTime('UTC') DEFAULT now('UTC')
) ENGINE = {engine:MergeTree()}
ORDER BY (topic, partition, offset, part)
TTL inserted_at + INTERVAL 30 DAY
SETTINGS {window};

CREATE TABLE IF NOT EXISTS ingest_batches{local} {on_cluster} (
  topic LowCardinality(String),
  partition Int32,
  incarnation UInt32 COMMENT 'raised when a topic was deleted and created again',
  kind LowCardinality(String) COMMENT 'batch: counted; lost: records gone before they were read; replay: a dead letter counted later',
  from_offset Int64,
  to_offset Int64 COMMENT 'exclusive',
  counted UInt64 COMMENT 'requests in request_counts',
  failed UInt64 COMMENT 'of these, failures in error_events',
  skipped UInt64,
  dead UInt64,
  holes UInt64 COMMENT 'offsets without a record: compaction, transactions',
  extra UInt64 COMMENT 'outcomes beyond one per message: to - from = counted + skipped + dead + holes - extra',
  first_ts Nullable(DateTime64(3, 'UTC')),
  last_ts Nullable(DateTime64(3, 'UTC')),
  topic_id String COMMENT 'id that the broker gave the topic, where it tells: new when the topic is created again',
  last_digest String COMMENT 'digest of the last record: tells the same where there is no id',
  worker String,
  detail String,
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = {engine:MergeTree()}
ORDER BY (topic, partition, incarnation, from_offset)
TTL toDateTime(inserted_at) + INTERVAL 90 DAY
SETTINGS {window};

CREATE TABLE IF NOT EXISTS incidents{local} {on_cluster} (
  id String,
  version UInt64 COMMENT 'event time of the evaluation that wrote the row, ms; the highest is the present state',
  kind LowCardinality(String),
  state LowCardinality(String),
  severity LowCardinality(String),
  provider LowCardinality(String) COMMENT 'of the scope; empty: all',
  org LowCardinality(String),
  project LowCardinality(String),
  model LowCardinality(String),
  scope String COMMENT 'JSON',
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
  memory String COMMENT 'JSON: what the state machine remembers between evaluations'
) ENGINE = {engine:ReplacingMergeTree(version)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (started_at, id)
TTL toDateTime(started_at) + INTERVAL 1 YEAR
SETTINGS ttl_only_drop_parts = 1;
