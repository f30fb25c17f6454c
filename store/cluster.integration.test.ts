import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Session } from 'chdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultRetention, type Retention, toRetention } from '../domain/retention.ts';
import { openStore } from './connect.ts';
import type { Insert, Store } from './store.ts';
import type { EngineSession } from './engine-session.ts';
import { serveClickHouse } from './http-gateway.ts';
import { clusterSettings, insertSettings } from './insert-settings.ts';
import { migrate, migrationFiles } from './migrate.ts';
import { readDeadLetters } from './queries/dead-letters.ts';
import { readMarks } from './queries/attention.ts';
import { readChangedIds, readIncidents } from './queries/incidents.ts';
import { readDeliveries } from './queries/notifications.ts';
import { readLease } from './queries/notify-lease.ts';
import { readLedgerEnds } from './queries/ledger.ts';
import { readStoredCounts } from './queries/reconcile.ts';
import { readTrends } from './queries/trends.ts';
import { planTrends } from './queries/trends-plan.ts';
import { ledgerInsert } from './write-batch.ts';

// The embedded engine with the configuration of a server: clusters of one and of two shards (each shard is this
// engine), macros, and a Keeper in memory. It has no DDL queue and no port for replication, so ON CLUSTER is removed
// before statements run. Replicated tables are created but stay read-only; data is written to the same tables without
// replication.
const configuration = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>01</shard><replica>a</replica></macros>
  <remote_servers>
    <one>${shardOfItself()}</one>
    <two>${shardOfItself()}${shardOfItself()}</two>
    <copying>${shardOfItself().replace('true', 'false')}</copying>
  </remote_servers>
</clickhouse>`;

let directory: string;
let session: Session;
/** One store per database. The database is named after its cluster or after what is special about it. */
const stores = new Map<string, Store>();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  const file = path.join(directory, 'config.xml');
  await writeFile(file, configuration);
  const data = path.join(directory, 'data');
  session = new Session(data, { connectionArgs: [`--config-file=${file}`] });
  for (const [database, cluster] of [
    ['replicated', 'one'],
    ['one', 'one'],
    ['two', 'two'],
  ] as const) {
    stores.set(database, await openStore({ url: '', path: data, database, user: '', password: '', cluster }));
  }
});

afterAll(async () => {
  // The engine does not close while Replicated tables exist that never became writable.
  await storeOf('replicated').command('DROP DATABASE replicated SYNC');
  for (const store of stores.values()) await store.close();
  session.close();
  await rm(directory, { recursive: true, force: true });
});

describe('the statements of a cluster', () => {
  test('are all understood by the engine, as are those of one server', async () => {
    const opened = openSession('replicated');
    for (const cluster of ['', 'one']) {
      for (const statement of await schema({ cluster, database: 'anywhere' })) {
        const { bytes } = await opened.run(`EXPLAIN AST ${statement}`);
        expect(bytes.toString(), statement).toMatch(/^(Create|Alter|Drop)Query /);
      }
    }
    opened.close();
  });

  test('make, apart from ON CLUSTER, Replicated tables under the path of the shard, with Distributed ones above', async () => {
    const store = storeOf('replicated');
    // These tables are read-only, so no ALTER runs on them here (the databases without replication run all statements).
    // A view of a column that an ALTER adds can therefore not be created.
    const all = await schema(store);
    const made = all.filter((statement) => !/^ALTER TABLE \S+_local |ingest_days_view/.test(statement));
    expect(all.length - made.length).toBeGreaterThan(5);
    // Twice, because a repetition must do no harm.
    for (const statement of [...made, ...made]) await store.command(withoutQueue(statement));
    const tables = await store.query<{ name: string; engine: string }>(
      'SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    );
    expect(tables.map(({ name, engine }) => `${name} ${engine}`)).toEqual([
      'acknowledgements Distributed',
      'acknowledgements_local ReplicatedReplacingMergeTree',
      'analyzer_settings Distributed',
      'analyzer_settings_local ReplicatedReplacingMergeTree',
      'dead_letter_replays Distributed',
      'dead_letter_replays_local ReplicatedReplacingMergeTree',
      'dead_letters Distributed',
      'dead_letters_local ReplicatedMergeTree',
      'error_events Distributed',
      'error_events_local ReplicatedMergeTree',
      'incident_versions Distributed',
      'incident_versions_local ReplicatedReplacingMergeTree',
      'incident_versions_view MaterializedView',
      'incidents Distributed',
      'incidents_local ReplicatedReplacingMergeTree',
      'ingest_batches Distributed',
      'ingest_batches_local ReplicatedMergeTree',
      'ingest_days Distributed',
      'ingest_days_local ReplicatedAggregatingMergeTree',
      'ingest_state Distributed',
      'ingest_state_local ReplicatedReplacingMergeTree',
      'notifications Distributed',
      'notifications_local ReplicatedReplacingMergeTree',
      'notify_lease Distributed',
      'notify_lease_local ReplicatedReplacingMergeTree',
      'reclassify_events Distributed',
      'reclassify_events_local ReplicatedMergeTree',
      'reclassify_runs Distributed',
      'reclassify_runs_local ReplicatedReplacingMergeTree',
      'reclassify_units Distributed',
      'reclassify_units_local ReplicatedReplacingMergeTree',
      'request_counts Distributed',
      'request_counts_1h Distributed',
      'request_counts_1h_local ReplicatedAggregatingMergeTree',
      'request_counts_1h_view MaterializedView',
      'request_counts_1m Distributed',
      'request_counts_1m_local ReplicatedAggregatingMergeTree',
      'request_counts_1m_view MaterializedView',
      'request_counts_local ReplicatedAggregatingMergeTree',
      'retention_changes Distributed',
      'retention_changes_local ReplicatedMergeTree',
      'schema_migrations Distributed',
      'schema_migrations_local ReplicatedMergeTree',
      'silences Distributed',
      'silences_local ReplicatedReplacingMergeTree',
    ]);
    const replicas = await store.query<{ table: string; zookeeper_path: string; replica_name: string }>(
      'SELECT table, zookeeper_path, replica_name FROM system.replicas WHERE database = currentDatabase()',
    );
    expect(replicas).toHaveLength(21);
    for (const { table, zookeeper_path, replica_name } of replicas) {
      expect({ zookeeper_path, replica_name }).toEqual({
        zookeeper_path: `/clickhouse/tables/01/replicated/${table}`,
        replica_name: 'a',
      });
    }
  });
});

describe('a batch through Distributed tables', () => {
  beforeAll(async () => {
    for (const name of ['one', 'two']) {
      for (const statement of await schema(storeOf(name)))
        await storeOf(name).command(withoutReplication(withoutQueue(statement)));
    }
  });

  test.each(['one', 'two'])(
    'counts once however often it is repeated, in the rollups too: cluster %s',
    async (name) => {
      for (let tries = 0; tries < 3; tries++) await insertInto(name, counts('t:7:0-5', 'a'));
      await insertInto(name, counts('t:7:5-10', 'a'));
      const rows = await totals(name, '_local');
      expect(rows).toEqual({
        request_counts_local: 10,
        request_counts_1m_local: 10,
        request_counts_1h_local: 10,
      });
    },
  );

  test('is read as a sum over the shards', async () => {
    // Both shards are the same tables here, so each row is read twice.
    const sums = (await readStoredCounts(storeOf('two')))
      .map(({ table, stored }) => `${table} ${stored}`)
      .sort();
    expect(sums).toEqual(['request_counts 20', 'request_counts_1h 20', 'request_counts_1m 20']);
  });

  test('is refused when it names no shard or one that does not exist', async () => {
    const { home: _home, ...homeless } = counts('nowhere', 'a');
    await expect(insertInto('two', homeless)).rejects.toThrow(/STORAGE_REQUIRES_PARAMETER/);
    await expect(insertInto('two', counts('nowhere', 'a'), { insert_shard_id: '3' })).rejects.toThrow(
      /shard/i,
    );
  });

  test('has its ledger end read from every replica', async () => {
    const entry = {
      topic: 't',
      partition: 7,
      incarnation: 0,
      kind: 'batch',
      from: 0,
      to: 5,
      counted: 5,
      failed: 0,
      skipped: 0,
      dead: 0,
      holes: 0,
      extra: 0,
      first_ts: null,
      last_ts: null,
      days: [],
      dropped: new Map(),
      topic_id: '',
      last_digest: 'd',
      worker: 'w',
      detail: '',
      names: null,
    } as const;
    for (let tries = 0; tries < 2; tries++) await insertInto('two', ledgerInsert(entry, 't:7:0-5'));
    await insertInto('two', ledgerInsert({ ...entry, from: 5, to: 10 }, 't:7:5-10'));
    expect(await readLedgerEnds(storeOf('two'), 't')).toEqual([
      { topic: 't', partition: 7, incarnation: 0, to: 10, topic_id: '', digest: 'd' },
    ]);
  });

  test('can be read with subqueries over Distributed tables, because of a setting', async () => {
    const store = storeOf('two');
    // The shards are this process itself, and there is no other way to reach them.
    const set = Object.entries({ ...clusterSettings, prefer_localhost_replica: 1 }).map(
      ([key, value]) => `${key} = '${value}'`,
    );
    const asClient: Store = {
      ...store,
      query: (sql, params) => store.query(`${sql} SETTINGS ${set.join(', ')}`, params),
    };
    const filter = { topic: '', reason: '', since: 0, limit: 10, open: true };
    await expect(readDeadLetters(store, filter)).rejects.toThrow(/288|denied/i);
    expect(await readDeadLetters(asClient, filter)).toEqual([]);
    const now = 4_102_444_800;
    const plan = planTrends({
      by: ['model', 'class'],
      since: now - 3_600,
      until: now + 3_600,
      now: now + 3_600,
      step: null,
      where: [],
    });
    const { series } = await readTrends(asClient, plan, { errorsOnly: true, limit: 5 });
    expect(series.map(({ group, errors }) => ({ ...group, errors }))).toEqual([
      { model: 'a', class: 'timeout', errors: 20 },
    ]);
    expect(await readIncidents(asClient)).toEqual([]);
    expect(await readChangedIds(asClient, 0, 0)).toEqual([]);
    expect(await readDeliveries(asClient, { since: 0 })).toEqual([]);
    expect(await readDeliveries(asClient, { incidents: ['i'] })).toEqual([]);
    expect(await readMarks(asClient)).toEqual({ acknowledgements: new Map(), silences: [] });
    expect((await readLease(asClient)).rows).toEqual([]);
    expect(await store.query('SELECT id FROM incidents FINAL')).toEqual([]);
  });
});

describe('a migration of a cluster', () => {
  beforeAll(async () => {
    const body = Buffer.from((await migrationFiles()).map((name) => `${name}\n`).join(''));
    await insertInto('one', { table: 'schema_migrations', columns: ['name'], body, token: 'history' });
  });

  test('sends nothing when every server has all tables, so that it does not wait for a server that is down', async () => {
    expect(await commandsOf(storeOf('one'))).toEqual([]);
  });

  test('sends the tables as they are now when a server lacks one, because it joined later', async () => {
    const store = storeOf('one');
    await store.command('DROP TABLE incidents');
    const sent = await commandsOf(store);
    const created = sent.map(
      (statement) => /^CREATE .* IF NOT EXISTS \w+\.(\w+) ON CLUSTER/.exec(statement)?.[1],
    );
    expect(created).toContain('incidents_local');
    expect(created.indexOf('ingest_days_view')).toBeGreaterThan(created.indexOf('ingest_days_local'));
    // The tables include the columns and the TTL of later migrations, because Keeper knows only the present ones.
    expect(sent.find((statement) => statement.includes('.incidents_local '))).toMatch(
      /written_at.* TTL greatest/s,
    );
    expect(sent.filter((statement) => !statement.startsWith('CREATE '))).toEqual([]);
  });

  test('changes the TTL on all servers when the settings have another', async () => {
    const retention = { ...toRetention(defaultRetention), error_events: 60 };
    expect(await commandsOf(storeOf('two'), retention)).toContain(
      "ALTER TABLE two.error_events_local ON CLUSTER 'two' MODIFY TTL greatest(toDateTime(ts), inserted_at) + toIntervalDay(60) SETTINGS materialize_ttl_after_modify = 1",
    );
  });
});

describe('a server that is asked for a cluster', () => {
  test.each([
    ['absent', /has no cluster absent \(its clusters: copying, one, two\): check clickhouse.cluster/],
    ['copying', /cluster copying .* without internal_replication: set it to true/],
  ])('%s: one line says what is wrong with it', async (cluster, message) => {
    const gateway = await serveClickHouse(storeOf('one'), { port: 0, token: 'of-the-test', database: 'one' });
    try {
      const options = {
        url: gateway.url,
        path: '',
        database: 'one',
        user: 'default',
        password: 'of-the-test',
        cluster,
      };
      await expect(openStore(options)).rejects.toThrow(message);
    } finally {
      await gateway.close();
    }
  });
});

function shardOfItself(): string {
  return '<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>9000</port></replica></shard>';
}

function storeOf(name: string): Store {
  const store = stores.get(name);
  if (store === undefined) throw new Error(`no store ${name}`);
  return store;
}

/** The statements that a migration sends when the database is empty. */
async function schema({ cluster, database }: { cluster: string; database: string }): Promise<string[]> {
  return commandsOf({ ...storeOf('one'), cluster, database, query: async () => [] });
}

async function commandsOf(store: Store, retention?: Retention): Promise<string[]> {
  const sent: string[] = [];
  await migrate({ ...store, insert: async () => {}, command: async (sql) => void sent.push(sql) }, retention);
  return sent;
}

function withoutQueue(statement: string): string {
  return statement.replace(/ ON CLUSTER '\w+'/, '');
}

function withoutReplication(statement: string): string {
  return statement
    .replace(/Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, '$1(')
    .replace(
      /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
      'non_replicated_deduplication_window = $1',
    );
}

function counts(token: string, model: string): Insert {
  const given: Record<string, string> = {
    ts: '4102444800',
    provider: 'openai',
    model,
    class: 'timeout',
    requests: '5',
  };
  const columns = Object.keys(given);
  const body = Buffer.from(`${Object.values(given).join('\t')}\n`);
  return { table: 'request_counts', columns, body, token, home: { topic: 't', partition: 7 } };
}

function openSession(name: string): EngineSession {
  const opened = storeOf(name).engine?.openSession();
  if (opened === undefined) throw new Error('not embedded');
  return opened;
}

async function insertInto(name: string, insert: Insert, more: Record<string, string> = {}): Promise<void> {
  const opened = openSession(name);
  try {
    const settings = { ...insertSettings(insert, name === 'two' ? 2 : 1), ...more };
    const { columns, body } = insert;
    await opened.run(`USE ${name}`);
    await opened.insert({ table: insert.table, columns, body, format: 'TabSeparated', settings });
  } finally {
    opened.close();
  }
}

async function totals(name: string, suffix: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h']) {
    const [row] = await storeOf(name).query<{ n: number }>(
      `SELECT sum(requests) AS n FROM ${table}${suffix}`,
    );
    found[`${table}${suffix}`] = row?.n ?? -1;
  }
  return found;
}
