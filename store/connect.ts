import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { onCluster } from './cluster-ddl.ts';
import { detachStdin, makeDirectory, refuseForeignOwner } from './engine-surroundings.ts';
import { StoreError, toStoreError } from './error.ts';
import { clusterSettings, insertSettings } from './insert-settings.ts';
import { createSessionPool } from './session-pool.ts';

type ChdbModule = typeof import('chdb/connection');
type ChdbSession = import('chdb').Session;
type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** A connection to the embedded engine or to a server; the same code for both. Errors are `StoreError`. */
export interface Store {
  readonly kind: 'embedded' | 'server';
  readonly database: string;
  /** Name of the cluster whose tables are Replicated and Distributed; empty: a single server. */
  readonly cluster: string;
  /** Host or directory, for messages. */
  readonly where: string;
  /** Rows of a SELECT (without FORMAT). `{name:Type}` placeholders take `params`. 64-bit numbers come as numbers. */
  query<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]>;
  /** A statement without a result: DDL, ALTER, INSERT SELECT. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /** Rows as TabSeparated bytes. Resolves only when stored. The token makes a repetition count once. */
  insert(insert: Insert): Promise<void>;
  /** Embedded only: the engine beneath, for statements that come from outside. */
  readonly engine?: Engine;
  close(): Promise<void>;
}

/** The embedded engine. Its errors are the engine's own, `Code: 60. DB::Exception: …`. */
export interface Engine {
  /** A session in the store's directory, in under a millisecond; its settings end with it. */
  openSession(): EngineSession;
}

/** A session runs one statement at a time; after a failure it is of no further use. */
export interface EngineSession {
  /** The answer in `format` where the statement names none. */
  run(sql: string, format?: string): Promise<EngineAnswer>;
  /** Bytes in a text format, parsed by the engine; `settings` are those of this insert alone. */
  insert(insert: EngineInsert): Promise<{ rows: number; bytes: number; seconds: number }>;
  close(): void;
}

export interface EngineAnswer {
  bytes: Buffer;
  readRows: number;
  readBytes: number;
  seconds: number;
}

export interface EngineInsert {
  /** Plain names: letters, digits and _. */
  table: string;
  columns: readonly string[] | null;
  body: Buffer;
  format: (typeof rawFormats)[number];
  settings: Readonly<Record<string, string | number>>;
}

/** Formats whose bytes the engine takes as they are. */
export const rawFormats = [
  'TabSeparated',
  'TSV',
  'TabSeparatedWithNames',
  'TSVWithNames',
  'CSV',
  'CSVWithNames',
  'JSONEachRow',
  'JSONCompactEachRow',
] as const;

export interface Insert {
  table: string;
  columns: readonly string[];
  /** TabSeparated rows. */
  body: Buffer;
  /** insert_deduplication_token: equal tokens are stored once per table. */
  token: string;
  /** The Kafka partition that the rows come from: on a cluster they all go to one shard. */
  home?: { topic: string; partition: number };
}

export interface StoreOptions {
  /** HTTP address of a server; empty: the embedded engine at `path`. */
  url: string;
  path: string;
  database: string;
  user: string;
  password: string;
  cluster: string;
  /** How long one statement may take on a server, ms. */
  timeoutMs?: number;
}

/** Opens the store and its database, which is created when absent. Throws `StoreError`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  return options.url === '' ? openEmbedded(options) : openServer(options);
}

async function openServer(options: StoreOptions): Promise<Store> {
  const connect = (database: string): ClickHouseClient =>
    createClient({
      url: options.url,
      username: options.user,
      password: options.password,
      database,
      application: 'faultline',
      request_timeout: options.timeoutMs ?? 60_000,
      max_open_connections: 16,
      log: { level: 127 },
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        ...(options.cluster === '' ? {} : clusterSettings),
      },
    });
  const where = options.url;
  const first = await attempt(where, () => connect('default'));
  let shards: number;
  try {
    shards = await attempt(where, () => countShards(first, options));
    await attempt(where, () => createDatabase(first, options));
  } finally {
    await first.close();
  }
  const client = connect(options.database);
  return createStore('server', where, options, {
    read: (act) => act(client),
    insert: async (insert) => {
      await client.insert({
        table: insert.table,
        columns: nonEmpty(insert.columns),
        values: Readable.from([insert.body], { objectMode: false }),
        format: 'TabSeparated',
        clickhouse_settings: insertSettings(insert, shards),
      });
    },
    close: () => client.close(),
  });
}

/** 0 without a cluster. The number is read once: shards are added while no worker runs (docs/scaling.md). */
async function countShards(client: ClickHouseClient, { cluster, url }: StoreOptions): Promise<number> {
  if (cluster === '') return 0;
  const query = `SELECT maxIf(shard_num, cluster = {cluster:String}) AS shards, groupUniqArray(cluster) AS known,
      countIf(cluster = {cluster:String} AND NOT internal_replication) AS copying
    FROM system.clusters`;
  const answer = await client.query({ query, query_params: { cluster }, format: 'JSONEachRow' });
  const [row] = await answer.json<{ shards: number; known: string[]; copying: number }>();
  if (row === undefined || row.shards === 0) {
    const known = row?.known.sort().join(', ') || 'none';
    throw new StoreError(
      'refused',
      `ClickHouse at ${url} knows no cluster ${cluster} (it knows ${known}): check clickhouse.cluster`,
    );
  }
  if (row.copying > 0) {
    const message = `cluster ${cluster} of ClickHouse at ${url} has shards without internal_replication: set it to true in remote_servers, replicas copy by themselves`;
    throw new StoreError('refused', message);
  }
  return row.shards;
}

/** A statement for the whole cluster waits for servers that are down: it is sent only where the database is missing. */
async function createDatabase(client: ClickHouseClient, { cluster, database }: StoreOptions): Promise<void> {
  if (cluster !== '') {
    const query = `SELECT uniqExact(hostName(), tcpPort()) AS servers,
        uniqExactIf((hostName(), tcpPort()), name = {database:String}) AS ready
      FROM clusterAllReplicas('${cluster}', system.databases) SETTINGS skip_unavailable_shards = 1`;
    const answer = await client.query({ query, query_params: { database }, format: 'JSONEachRow' });
    const [row] = await answer.json<{ servers: number; ready: number }>();
    if (row !== undefined && row.ready > 0 && row.ready === row.servers) return;
  }
  try {
    await client.command({
      query: `CREATE DATABASE IF NOT EXISTS ${database} ${cluster === '' ? '' : onCluster(cluster)}`,
    });
  } catch (error) {
    // Whoever may only read needs no database made; that it is missing shows at the first query.
    const { serverCode } = toStoreError(error, '');
    if (serverCode !== 164 && serverCode !== 497) throw error;
  }
}

async function openEmbedded(options: StoreOptions): Promise<Store> {
  const where = path.resolve(options.path);
  detachStdin();
  const { createChdbConnection, openSession } = loadChdb();
  await refuseForeignOwner(where);
  await attempt(where, () => makeDirectory(where));
  const open = async (database: string) => {
    const session = createChdbConnection({ path: where });
    await session.chdb.queryAsync(database);
    return { session, client: createClient({ connection: asConnection(session) }) };
  };
  const close = ({ client }: { client: ClickHouseClient }) => client.close();
  const first = await attempt(where, () => open(`CREATE DATABASE IF NOT EXISTS ${options.database}`));
  // One session runs one statement at a time: readers must not wait behind inserts, and two inserts at once take
  // a quarter to a third less time than one after the other.
  const use = () => open(`USE ${options.database}`);
  const readers = createSessionPool(2, use, close);
  const writers = createSessionPool(2, use, close);
  return {
    ...createStore('embedded', where, options, {
      read: (act) => readers.use(({ client }) => act(client)),
      insert: async (insert) => {
        const { table, columns, body } = insert;
        // Settings stand in the statement: a SET would outlive it and give the next insert this token.
        const settings = insertSettings(insert, 0);
        const rows = afterComment({ body, format: 'TabSeparated', settings });
        await writers.use(({ session }) => session.chdb.rawInsert({ table, columns, ...rows }));
      },
      close: async () => {
        await readers.close();
        await writers.close();
        // The last session takes the engine with it; until now this one kept it.
        await close(first);
      },
    }),
    engine: { openSession: () => asEngineSession(openSession(where)) },
  };
}

function asEngineSession(session: ChdbSession): EngineSession {
  return {
    run: async (sql, format = 'TabSeparated') => {
      const answer = await session.queryAsync(sql, { format });
      const bytes = answer.bytes();
      return {
        bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        readRows: answer.rowsRead,
        readBytes: answer.bytesRead,
        seconds: answer.elapsed,
      };
    },
    insert: async ({ table, columns, ...rows }) => {
      const names = columns === null ? {} : { columns };
      const done = await session.insert({ table, ...names, ...afterComment(rows) });
      return { rows: done.rowsWritten, bytes: done.bytesWritten, seconds: done.elapsed };
    },
    close: () => session.close(),
  };
}

/**
 * The engine reads all of an insert as words of SQL before it parses the rows, which takes half as long as the parsing.
 * A comment that does not end is one word. To the format it is a first line to be skipped.
 */
function afterComment({ body, format, settings }: Pick<EngineInsert, 'body' | 'format' | 'settings'>) {
  const skips = 'input_format_tsv_skip_first_lines';
  if ((format !== 'TabSeparated' && format !== 'TSV') || skips in settings || body.length === 0)
    return { values: body, format, settings };
  return { values: Buffer.concat([openComment, body]), format, settings: { ...settings, [skips]: 1 } };
}

const openComment = Buffer.from('/*\n');

/** chdb is typed against client-common 1.22, the client carries its own copy: alike, but with a private field. */
function asConnection(session: ReturnType<ChdbModule['createChdbConnection']>): ClientConnection {
  return session as unknown as ClientConnection;
}

interface Driver {
  read<T>(act: (client: ClickHouseClient) => Promise<T>): Promise<T>;
  insert(insert: Insert): Promise<void>;
  close(): Promise<void>;
}

function createStore(kind: Store['kind'], where: string, options: StoreOptions, driver: Driver): Store {
  return {
    kind,
    where,
    database: options.database,
    cluster: options.cluster,
    query: <Row>(sql: string, params: Record<string, unknown> = {}) =>
      attempt(where, () =>
        driver.read(async (client) => {
          const result = await client.query({ query: sql, query_params: params, format: 'JSONEachRow' });
          return result.json<Row>();
        }),
      ),
    command: (sql, params = {}) =>
      attempt(where, () =>
        driver.read(async (client) => {
          await client.command({ query: sql, query_params: params });
        }),
      ),
    insert: (insert) => attempt(where, () => driver.insert(insert)),
    close: () => driver.close(),
  };
}

async function attempt<T>(where: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toStoreError(error, where);
  }
}

/** The engine is an optional dependency: a deployment against a server leaves its 543 MB out. */
function loadChdb(): Pick<ChdbModule, 'createChdbConnection'> & {
  openSession: (path: string) => ChdbSession;
} {
  try {
    const require = createRequire(import.meta.url);
    const { createChdbConnection } = require('chdb/connection') as ChdbModule;
    const { Session } = require('chdb') as typeof import('chdb');
    return { createChdbConnection, openSession: (path) => new Session(path) };
  } catch (error) {
    throw new StoreError(
      'unavailable',
      'embedded ClickHouse is not installed: run `npm install chdb`, or set clickhouse.url to a server',
      0,
      error,
    );
  }
}

function nonEmpty<T>(items: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new StoreError('refused', 'an empty list of columns or sessions');
  return [first, ...rest];
}
