-- Batches of dead letters that are counted later: docs/decisions/0047. All rows that a batch adds are stored here
-- before any of them is inserted, so that the process that continues after a crash inserts the same rows. The row that
-- ends a batch replaces the announcement, so that texts of errors are not kept longer than in their own tables.

CREATE TABLE IF NOT EXISTS dead_letter_replays{local} {on_cluster} (
  number UInt64 COMMENT 'one batch after the other; the first to take a number has it',
  state LowCardinality(String) COMMENT 'announced, then stored, or refused: a row of it is never taken, or left: nobody can tell whether it is stored',
  holder String COMMENT 'who announced it',
  letters UInt32,
  inserts String COMMENT 'JSON: the inserts of a batch that has not ended' CODEC(ZSTD(3)),
  at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = {engine:ReplacingMergeTree(at)}
ORDER BY number
SETTINGS {window};
