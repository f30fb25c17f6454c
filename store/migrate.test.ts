import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Insert, Store } from './store.ts';
import { homeShard, insertSettings } from './insert-settings.ts';
import { migrationFiles, statements } from './migrate.ts';
import { readLedgerEnds } from './queries/ledger.ts';
import { noRows } from './native-answer.ts';

const files = await migrationFiles();
const texts = await Promise.all(
  files.map((file) => readFile(new URL(`./schema/${file}`, import.meta.url), 'utf8')),
);
const schema = (cluster: string) => texts.flatMap((text) => statements(text, { cluster, database: 'logs' }));
/** Matches a statement that can run again without harm, also after only part of it ran. */
const repeatable =
  /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS |DROP (TABLE|VIEW) IF EXISTS |ALTER TABLE \S+( ON CLUSTER '\w+')?\s+(ADD COLUMN IF NOT EXISTS|DROP COLUMN IF EXISTS|MODIFY (COLUMN|QUERY|SETTING)) )/;
const firstLine = (statement: string) => statement.split('\n', 1)[0];

const table = `-- a comment; with a semicolon
CREATE TABLE IF NOT EXISTS incidents{local} {on_cluster} (
  id String, version UInt64
) ENGINE = {engine:ReplacingMergeTree(version)} ORDER BY id SETTINGS ttl_only_drop_parts = 1, {window};

CREATE MATERIALIZED VIEW IF NOT EXISTS incidents_view {on_cluster} TO request_counts{local} AS
SELECT id FROM incidents{local};
`;

describe('the statements of a schema file', () => {
  test('are plain tables on one server', () => {
    expect(statements(table, { cluster: '', database: 'logs' })).toEqual([
      `CREATE TABLE IF NOT EXISTS incidents (
  id String, version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY id SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 30000`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS incidents_view TO request_counts AS
SELECT id FROM incidents`,
    ]);
  });

  test('are Replicated tables below Distributed ones on a cluster, with views between local tables and all names with their database', () => {
    expect(statements(table, { cluster: 'main', database: 'logs' })).toEqual([
      `CREATE TABLE IF NOT EXISTS logs.incidents_local ON CLUSTER 'main' (
  id String, version UInt64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version) ORDER BY id SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 30000, replicated_deduplication_window_seconds = 604800`,
      `CREATE TABLE IF NOT EXISTS logs.incidents ON CLUSTER 'main' AS logs.incidents_local ENGINE = Distributed('main', 'logs', 'incidents_local', sipHash64(id))`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS logs.incidents_view ON CLUSTER 'main' TO logs.request_counts_local AS
SELECT id FROM logs.incidents_local`,
    ]);
  });

  test('alter columns of both the local and the Distributed table, and everything else of the local table only', () => {
    const columns = `ALTER TABLE incidents{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS note String COMMENT 'not MODIFY TTL';
ALTER TABLE incidents{local} {on_cluster} MODIFY SETTING merge_with_ttl_timeout = 60;`;
    expect(statements(columns, { cluster: 'main', database: 'logs' })).toEqual([
      `ALTER TABLE logs.incidents_local ON CLUSTER 'main'
  ADD COLUMN IF NOT EXISTS note String COMMENT 'not MODIFY TTL'`,
      `ALTER TABLE logs.incidents ON CLUSTER 'main'
  ADD COLUMN IF NOT EXISTS note String COMMENT 'not MODIFY TTL'`,
      `ALTER TABLE logs.incidents_local ON CLUSTER 'main' MODIFY SETTING merge_with_ttl_timeout = 60`,
    ]);
    expect(statements(columns, { cluster: '', database: 'logs' })[1]).toBe(
      'ALTER TABLE incidents MODIFY SETTING merge_with_ttl_timeout = 60',
    );
  });

  test('refuse an ALTER that changes columns and also what only the local table has', () => {
    const mixed =
      'ALTER TABLE incidents{local} {on_cluster} ADD COLUMN IF NOT EXISTS a String, MODIFY TTL started_at + INTERVAL 1 DAY';
    expect(() => statements(mixed, { cluster: 'main', database: 'logs' })).toThrow(/write two statements/);
  });

  test('refuse a table without an entry that says where its rows go', () => {
    const unknown =
      'CREATE TABLE IF NOT EXISTS news{local} {on_cluster} (id String) ENGINE = {engine:MergeTree()} ORDER BY id';
    expect(() => statements(unknown, { cluster: 'main', database: 'logs' })).toThrow(
      /news has no entry under shardingKeys/,
    );
  });
});

describe('the schema', () => {
  test('of the first release has not changed: 9 statements on one server, 16 on a cluster', () => {
    const [first = ''] = texts;
    expect(['', 'main'].map((cluster) => statements(first, { cluster, database: 'logs' }).length)).toEqual([
      9, 16,
    ]);
    expect(files[0]).toBe('001_tables.sql');
  });

  test.each(['', 'main'])('on cluster "%s" has only statements that can be repeated', (cluster) => {
    expect(schema(cluster).filter((statement) => !repeatable.test(statement))).toEqual([]);
  });

  test('has ALTERs that can be repeated in every action', () => {
    const actions = schema('').flatMap(
      (statement) => statement.match(/^\s+(ADD|DROP) COLUMN(?! IF (NOT )?EXISTS).*$/gm) ?? [],
    );
    expect(actions).toEqual([]);
  });

  test('has no macro left when it is filled in', () => {
    const left = [...schema(''), ...schema('main')].flatMap(
      (statement) => statement.match(/\{\w+(:\w+)?[^}]*\}/g) ?? [],
    );
    expect(new Set(left)).toEqual(new Set(['{shard}', '{database}', '{table}', '{replica}']));
  });

  test('on a cluster sends every statement to all servers', () => {
    expect(
      schema('main').filter((statement) => !firstLine(statement)?.includes(` ON CLUSTER 'main'`)),
    ).toEqual([]);
  });

  test('has no table partition that depends on the time of the insert: a repetition would not find its token', () => {
    expect(
      schema('')
        .filter((statement) => /PARTITION BY [^\n]*inserted_at/.test(statement))
        .map(firstLine),
    ).toEqual([]);
  });

  test('has only keys and aggregates in its AggregatingMergeTree tables, as ClickHouse from 26.8 asks', () => {
    const tables = schema('').filter((statement) => statement.includes('ENGINE = AggregatingMergeTree'));
    expect(tables.length).toBeGreaterThanOrEqual(4);
    for (const statement of tables) {
      const key = /ORDER BY \(([^)]*)\)/.exec(statement)?.[1]?.split(', ') ?? [];
      const columns = [...statement.matchAll(/^ {2}(\w+) (\S+)/gm)].map(([, name, type]) => ({ name, type }));
      expect(columns.length).toBeGreaterThan(key.length);
      const neither = columns.filter(
        ({ name, type }) => !key.includes(name ?? '') && !type?.startsWith('SimpleAggregateFunction('),
      );
      expect(neither).toEqual([]);
    }
  });
});

describe('settings of an insert', () => {
  const insert: Insert = {
    table: 'request_counts',
    columns: ['ts'],
    body: Buffer.from(''),
    token: 'orders:3:0-10',
  };
  const home = { topic: 'orders', partition: 3 };

  test('without a cluster name no shard', () => {
    const settings = insertSettings({ ...insert, home }, 0);
    expect(settings).toMatchObject({ async_insert: 0, insert_deduplication_token: 'orders:3:0-10' });
    expect(Object.keys(settings).filter((name) => /shard|distributed/.test(name))).toEqual([]);
  });

  test('on a cluster are synchronous and name the shard of the Kafka partition', () => {
    const settings = insertSettings({ ...insert, home }, 4);
    expect(settings).toMatchObject({
      distributed_foreground_insert: 1,
      insert_deduplication_token: 'orders:3:0-10',
    });
    expect(settings).toHaveProperty('insert_shard_id', String(homeShard(home, 4)));
  });

  test('leave rows without a partition to the sharding key', () => {
    expect(insertSettings(insert, 4)).not.toHaveProperty('insert_shard_id');
  });

  test.each([1, 2, 3, 7])('spread partitions evenly over %i shards and never move one', (shards) => {
    const partitions = Array.from({ length: shards * 5 }, (_, partition) =>
      homeShard({ topic: 'orders', partition }, shards),
    );
    const perShard = Array.from(
      { length: shards },
      (_, i) => partitions.filter((shard) => shard === i + 1).length,
    );
    expect(perShard).toEqual(Array.from({ length: shards }, () => 5));
    expect(homeShard({ topic: 'orders', partition: 3 }, shards)).toBe(partitions[3]);
  });
});

describe('the end of the ledger on a cluster', () => {
  const row = (partition: number, incarnation: number, to: number) => ({
    topic: 't',
    partition,
    incarnation,
    to,
    topic_id: '',
    digest: '',
  });
  const storeWith = (cluster: string, read: Record<string, ReturnType<typeof row>[]>): Store => {
    const refuse = async () => {
      throw new Error('not asked for');
    };
    const query = async <Row>(sql: string) => (read[/FROM (\w+)/.exec(sql)?.[1] ?? ''] ?? []) as Row[];
    return {
      kind: 'server',
      database: 'logs',
      cluster,
      where: 'test',
      query,
      columns: async () => noRows,
      command: refuse,
      insert: refuse,
      close: refuse,
    };
  };

  test.each([
    [
      'a replica that lags does not take back the end that another has',
      [row(0, 0, 50)],
      [row(0, 0, 100), row(0, 0, 50)],
      [row(0, 0, 100)],
    ],
    [
      'a replica that lags does not take back an incarnation',
      [row(0, 0, 900)],
      [row(0, 1, 10)],
      [row(0, 1, 10)],
    ],
    ['a partition that only the first answer has is kept', [row(0, 0, 7)], [], [row(0, 0, 7)]],
    [
      'a partition that only another replica has is found',
      [row(0, 0, 7)],
      [row(1, 0, 9)],
      [row(0, 0, 7), row(1, 0, 9)],
    ],
  ])('%s', async (_name, first, all, expected) => {
    const store = storeWith('main', { ingest_batches: first, clusterAllReplicas: all });
    expect(await readLedgerEnds(store, 't')).toEqual(expected);
  });

  test('on a single server is read from that server only', async () => {
    const store = storeWith('', { ingest_batches: [row(0, 0, 7)], clusterAllReplicas: [row(0, 0, 8)] });
    expect(await readLedgerEnds(store, 't')).toEqual([row(0, 0, 7)]);
  });
});
