-- Batches of dead letters that are counted later: docs/decisions/0047. What a batch adds is put down here before any of it
-- is inserted, so that whoever goes on after a crash inserts the same.

CREATE TABLE IF NOT EXISTS dead_letter_replays{local} {on_cluster} (
  number UInt64 COMMENT 'one batch after the other; the first to take a number has it',
  state LowCardinality(String) COMMENT 'announced, then stored, or refused: a row of it is never taken, or left: nobody can tell whether it is stored',
  holder String COMMENT 'who announced it',
  letters UInt32,
  inserts String COMMENT 'JSON: the inserts of the batch' CODEC(ZSTD(3)) TTL toDateTime(at) + INTERVAL 90 DAY,
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = {engine:MergeTree()}
ORDER BY number
SETTINGS {window};
