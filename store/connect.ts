import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { StoreError, toStoreError } from './error.ts';

type ChdbModule = typeof import('chdb/connection');
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
  close(): Promise<void>;
}

export interface Insert {
  table: string;
  columns: readonly string[];
  /** TabSeparated rows. */
  body: Buffer;
  /** insert_deduplication_token: equal tokens are stored once per table. */
  token: string;
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

/**
 * Sent with every insert, whatever the version's defaults are. The worker batches by itself, so the insert is
 * synchronous: it resolves when the rows are stored.
 */
const insertSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  // Old logs span many days, and a batch is one insert whatever it holds.
  max_partitions_per_insert_block: '0',
  // One block per insert: the token stands for the whole of it.
  max_insert_block_size: '4000000',
  min_insert_block_size_rows: '4000000',
  min_insert_block_size_bytes: '1000000000',
} as const;

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
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
  const where = options.url;
  const first = await attempt(where, () => connect('default'));
  try {
    const on = options.cluster === '' ? '' : ` ON CLUSTER '${options.cluster}'`;
    await attempt(where, () => first.command({ query: `CREATE DATABASE IF NOT EXISTS ${options.database}${on}` }));
  } finally {
    await first.close();
  }
  const client = connect(options.database);
  return createStore('server', where, options, {
    reader: () => client,
    insert: async ({ table, columns, body, token }) => {
      await client.insert({
        table,
        columns: nonEmpty(columns),
        values: Readable.from([body], { objectMode: false }),
        format: 'TabSeparated',
        clickhouse_settings: { ...insertSettings, insert_deduplication_token: token },
      });
    },
    close: () => client.close(),
  });
}

async function openEmbedded(options: StoreOptions): Promise<Store> {
  const where = path.resolve(options.path);
  const { createChdbConnection } = loadChdb();
  await refuseForeignOwner(where);
  await attempt(where, () => mkdir(where, { recursive: true }));
  const open = () => attempt(where, () => createChdbConnection({ path: where }));
  // One session runs one statement at a time: readers must not wait behind inserts.
  const writer = await open();
  const readers = [await open(), await open()];
  await attempt(where, async () => {
    await writer.chdb.queryAsync(`CREATE DATABASE IF NOT EXISTS ${options.database}`);
    for (const session of [writer, ...readers]) await session.chdb.queryAsync(`USE ${options.database}`);
  });
  const clients = nonEmpty(readers.map((session) => createClient({ connection: asConnection(session) })));
  let turn = 0;
  return createStore('embedded', where, options, {
    reader: () => clients[(turn = (turn + 1) % clients.length)] ?? clients[0],
    insert: async ({ table, columns, body, token }) => {
      // Settings stand in the statement: a SET would outlive it and give the next insert this token.
      await writer.chdb.rawInsert({
        table,
        columns,
        values: body,
        format: 'TabSeparated',
        settings: { ...insertSettings, insert_deduplication_token: token },
      });
    },
    close: async () => {
      for (const client of clients) await client.close();
      await writer.close();
    },
  });
}

/** chdb is typed against client-common 1.22, the client carries its own copy: alike, but with a private field. */
function asConnection(session: ReturnType<ChdbModule['createChdbConnection']>): ClientConnection {
  return session as unknown as ClientConnection;
}

interface Driver {
  reader(): ClickHouseClient;
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
      attempt(where, async () => {
        const result = await driver.reader().query({ query: sql, query_params: params, format: 'JSONEachRow' });
        return result.json<Row>();
      }),
    command: (sql, params = {}) =>
      attempt(where, async () => {
        await driver.reader().command({ query: sql, query_params: params });
      }),
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
function loadChdb(): ChdbModule {
  try {
    return createRequire(import.meta.url)('chdb/connection') as ChdbModule;
  } catch (error) {
    throw new StoreError(
      'unavailable',
      'embedded ClickHouse is not installed: run `npm install chdb`, or set clickhouse.url to a server',
      0,
      error,
    );
  }
}

/** The engine prints its own complaint about a locked directory, so the owner is looked up before it is asked. */
async function refuseForeignOwner(where: string): Promise<void> {
  const status = await readFile(path.join(where, 'status'), 'utf8').catch(() => '');
  const pid = Number(/PID: (\d+)/.exec(status)?.[1] ?? 0);
  if (pid === 0 || pid === process.pid || !isAlive(pid)) return;
  throw new StoreError('locked', lockedMessage(where, pid));
}

function lockedMessage(where: string, pid: number): string {
  return `data directory ${where} is in use by process ${pid}: stop it, choose another with clickhouse.path, or share it with --clickhouse-http`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function nonEmpty<T>(items: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new StoreError('refused', 'an empty list of columns or sessions');
  return [first, ...rest];
}
