import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { StoreError, toStoreError } from './error.ts';
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
  } catch (error) {
    // Whoever may only read needs no database made; that it is missing shows at the first query.
    if (!(error instanceof StoreError && (error.serverCode === 164 || error.serverCode === 497))) throw error;
  } finally {
    await first.close();
  }
  const client = connect(options.database);
  return createStore('server', where, options, {
    read: (act) => act(client),
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
  detachStdin();
  const { createChdbConnection, openSession } = loadChdb();
  await refuseForeignOwner(where);
  await attempt(where, () => mkdir(where, { recursive: true }));
  const open = async (database: string) => {
    const session = createChdbConnection({ path: where });
    await session.chdb.queryAsync(database);
    return { session, client: createClient({ connection: asConnection(session) }) };
  };
  const close = ({ client }: { client: ClickHouseClient }) => client.close();
  const first = await attempt(where, () => open(`CREATE DATABASE IF NOT EXISTS ${options.database}`));
  // One session runs one statement at a time: readers must not wait behind inserts.
  const use = () => open(`USE ${options.database}`);
  const readers = createSessionPool(2, use, close);
  const writers = createSessionPool(1, use, close);
  return {
    ...createStore('embedded', where, options, {
      read: (act) => readers.use(({ client }) => act(client)),
      insert: async ({ table, columns, body, token }) => {
        // Settings stand in the statement: a SET would outlive it and give the next insert this token.
        const settings = { ...insertSettings, insert_deduplication_token: token };
        await writers.use(({ session }) =>
          session.chdb.rawInsert({ table, columns, values: body, format: 'TabSeparated', settings }),
        );
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
    insert: async ({ table, columns, body, format, settings }) => {
      const names = columns === null ? {} : { columns };
      const done = await session.insert({ table, ...names, values: body, format, settings });
      return { rows: done.rowsWritten, bytes: done.bytesWritten, seconds: done.elapsed };
    },
    close: () => session.close(),
  };
}

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

/**
 * Points file descriptor 0 at /dev/null. An insert of the engine takes, after its own rows, whatever stands on
 * standard input for further rows: a log that is piped in would be eaten, and stored. Who wants to read standard
 * input has to take it over before (cli/relay-stdin.ts).
 */
function detachStdin(): void {
  if (process.platform === 'win32') return;
  try {
    closeSync(0);
  } catch {
    // Closed already.
  }
  const descriptor = openSync('/dev/null', 'r');
  if (descriptor !== 0) throw new StoreError('unavailable', 'standard input cannot be kept from the embedded engine: start faultline with </dev/null');
}

/** The engine is an optional dependency: a deployment against a server leaves its 543 MB out. */
function loadChdb(): Pick<ChdbModule, 'createChdbConnection'> & { openSession(path: string): ChdbSession } {
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
