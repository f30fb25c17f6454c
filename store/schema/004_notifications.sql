-- Messages about incidents, acknowledgements and silences. Only the analyzer that has the lease writes `notifications`:
-- docs/decisions/0033.

CREATE TABLE IF NOT EXISTS notifications{local} {on_cluster} (
  id String COMMENT 'hash of receiver and what is said; the idempotency key that the receiver is given',
  version UInt32 COMMENT 'raised with each row; the highest is the present state',
  receiver LowCardinality(String),
  channel LowCardinality(String),
  state LowCardinality(String) COMMENT 'decided: is being sent, and is sent again if nothing follows; sent; failed: tried again at next_at; given_up; not_sent: answer says why',
  event LowCardinality(String) COMMENT 'firing, resolved',
  incidents Array(String) COMMENT 'ids',
  content String COMMENT 'JSON: the incidents as they are told',
  decided_at DateTime64(3, 'UTC'),
  tried_at Nullable(DateTime64(3, 'UTC')),
  next_at DateTime64(3, 'UTC') COMMENT 'not tried again before',
  attempts UInt32,
  answer String COMMENT 'what the receiver said last, without secrets'
) ENGINE = {engine:ReplacingMergeTree(version)}
PARTITION BY toYYYYMM(decided_at)
ORDER BY (decided_at, id)
TTL toDateTime(decided_at) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Which analyzer may send: of those that reported recently, the one that has run longest. The store sets the times.
CREATE TABLE IF NOT EXISTS notify_lease{local} {on_cluster} (
  holder String,
  since DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
  has_left Bool COMMENT 'it stopped in order'
) ENGINE = {engine:ReplacingMergeTree(at)}
ORDER BY holder
TTL toDateTime(at) + INTERVAL 1 DAY;

-- A person has taken an incident over: no more reminders are sent.
CREATE TABLE IF NOT EXISTS acknowledgements{local} {on_cluster} (
  incident String,
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
  reopened UInt32 COMMENT 'how often the incident had been opened again by then: a later opening is not acknowledged',
  by String,
  note String,
  withdrawn Bool
) ENGINE = {engine:ReplacingMergeTree(at)}
ORDER BY incident
TTL toDateTime(at) + INTERVAL 1 YEAR;

-- No messages are sent about incidents that match a silence. One that was planned ahead is a maintenance window.
CREATE TABLE IF NOT EXISTS silences{local} {on_cluster} (
  id String,
  written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
  kinds Array(String) COMMENT 'empty: all',
  scope String COMMENT 'JSON: values that the scope of an incident has to carry',
  starts_at DateTime64(3, 'UTC'),
  ends_at DateTime64(3, 'UTC') COMMENT 'of the first window where it repeats',
  every_seconds UInt32 COMMENT '0: once; otherwise it begins again so long after it began',
  planned Bool COMMENT 'a maintenance window',
  by String,
  note String,
  ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'somebody ended it'
) ENGINE = {engine:ReplacingMergeTree(written_at)}
ORDER BY id
TTL toDateTime(ends_at) + INTERVAL 1 YEAR DELETE WHERE every_seconds = 0;
