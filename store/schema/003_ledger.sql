-- Columns and tables that let `reconcile` compare the ledger with tables that delete old rows, and that keep an
-- imported history as long from its import as fresh rows from their event. Every statement can run again:
-- docs/decisions/0016.

ALTER TABLE ingest_batches{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS days Array(Date) COMMENT 'days of event time (UTC) on which the batch counted requests',
  ADD COLUMN IF NOT EXISTS day_counted Array(UInt64) COMMENT 'requests of each of these days',
  ADD COLUMN IF NOT EXISTS day_failed Array(UInt64) COMMENT 'of these, failures',
  ADD COLUMN IF NOT EXISTS by_day Bool COMMENT 'false: written before these columns were; ingest_days does not hold it';

-- The ledger by day. It is kept as long as the table that keeps its rows longest.
CREATE TABLE IF NOT EXISTS ingest_days{local} {on_cluster} (
  topic LowCardinality(String),
  partition Int32,
  incarnation UInt32,
  day Date COMMENT 'of event time; of the insert where nothing was counted',
  stored_on Date COMMENT 'of the insert',
  counted SimpleAggregateFunction(sum, UInt64),
  failed SimpleAggregateFunction(sum, UInt64),
  ledger_end SimpleAggregateFunction(max, Tuple(to_offset Int64, topic_id String, last_digest String)) COMMENT 'of the last batch; -1: only dead letters counted later'
) ENGINE = {engine:AggregatingMergeTree()}
ORDER BY (topic, partition, incarnation, day, stored_on)
SETTINGS {window};

CREATE MATERIALIZED VIEW IF NOT EXISTS ingest_days_view {on_cluster} TO ingest_days{local} AS
SELECT batch.topic AS topic, batch.partition AS partition, batch.incarnation AS incarnation, part.1 AS day,
  toDate(batch.inserted_at) AS stored_on, sum(part.2) AS counted, sum(part.3) AS failed,
  max(if(batch.kind = 'replay', (toInt64(-1), '', ''), (batch.to_offset, batch.topic_id, batch.last_digest))) AS ledger_end
FROM ingest_batches{local} AS batch
ARRAY JOIN if(empty(batch.days), [(toDate(batch.inserted_at), toUInt64(0), toUInt64(0))],
  arrayZip(batch.days, batch.day_counted, batch.day_failed)) AS part
WHERE batch.by_day
GROUP BY topic, partition, incarnation, day, stored_on;

-- How long a table kept its rows before its retention was raised: rows that were deleted by then do not come back.
CREATE TABLE IF NOT EXISTS retention_changes{local} {on_cluster} (
  table LowCardinality(String),
  days UInt32 COMMENT 'kept until then',
  changed_at DateTime('UTC') DEFAULT now('UTC')
) ENGINE = {engine:MergeTree()} ORDER BY table SETTINGS {window};

ALTER TABLE request_counts{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS kept_from SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now('UTC') COMMENT 'time of the insert: retention begins there or at ts, whichever is later';
ALTER TABLE request_counts_1m{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS kept_from SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now('UTC');
ALTER TABLE request_counts_1h{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS kept_from SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now('UTC');
ALTER TABLE incidents{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS written_at DateTime('UTC') DEFAULT now('UTC');

-- Each search creates new probe tables (ingest/refused-rows.ts); this one is from an earlier version.
DROP TABLE IF EXISTS error_events_probe {on_cluster};
