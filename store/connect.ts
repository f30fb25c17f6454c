import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, type ClickHouseSettings, createClient } from '@clickhouse/client';
import { countShards, createDatabase } from './cluster-check.ts';
import { createDiskGuard, refuseFullDisk } from './disk-guard.ts';
import { afterComment, asEngineSession, insertNative } from './engine-session.ts';
import { detachStdin, makeDirectory, refuseForeignOwner } from './embedded-process.ts';
import { StoreError, toStoreError } from './error.ts';
import { withStatusOf } from './http-answer.ts';
import { forgetIncomplete, mendTokenLogs } from './incomplete-parts.ts';
import { clusterSettings, insertSettings } from './insert-settings.ts';
import { readNativeAnswer } from './native-answer.ts';
import { createSessionPool, type SessionPool } from './session-pool.ts';
import type { QueryBounds, Insert, Store, StoreOptions } from './store.ts';

type ChdbModule = typeof import('chdb/connection');
type ChdbSession = import('chdb').Session;
type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

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
  const over = (client: ClickHouseClient, shards: number): Store =>
    createStore('server', where, options, {
      read: (act) => act(client),
      insert: async (insert) => {
        const { table, columns, body, format = 'TabSeparated' } = insert;
        // The client's own insert cannot send binary rows.
        const { stream } = await client.exec({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
          values: Readable.from([body], { objectMode: false }),
          clickhouse_settings: insertSettings(insert, shards),
        });
        for await (const _answer of stream);
      },
      close: () => client.close(),
    });
  const first = over(await attempt(where, () => connect('default')), 0);
  try {
    const shards = await countShards(first, options);
    await createDatabase(first, options);
    return over(connect(options.database), shards);
  } finally {
    await first.close();
  }
}

async function openEmbedded(options: StoreOptions): Promise<Store> {
  const where = path.resolve(options.path);
  await detachStdin();
  const { createChdbConnection, openSession } = loadChdb();
  await refuseForeignOwner(where);
  await attempt(where, () => makeDirectory(where));
  refuseFullDisk(where, await freeMib(where));
  await attempt(where, () => mendTokenLogs(where));
  const open = async (database: string) => {
    const session = createChdbConnection({ path: where });
    await session.chdb.queryAsync(database);
    return { session, client: createClient({ connection: asConnection(session) }) };
  };
  const close = ({ client }: { client: ClickHouseClient }) => client.close();
  const first = await attempt(where, () => open(`CREATE DATABASE IF NOT EXISTS ${options.database}`));
  const own = createSessionPool(
    1,
    () => openSession(where),
    (session) => session.close(),
  );
  const ask = (sql: string, format = 'TabSeparated') =>
    own.use(async (session) => (await session.queryAsync(sql, { format })).text());
  const setAside = await attempt(where, () => forgetIncomplete(ask));
  if (setAside.length > 0) {
    options.notice?.(
      `data directory ${where}: set aside incomplete parts (${setAside.join(', ')}): records that were not acknowledged are read again; faultline reconcile shows whether anything is missing`,
    );
  }
  const guard = createDiskGuard({
    where,
    freeMib: () => freeMib(where),
    refusedWrites: async () => Number(await ask(refusedWrites)),
    holdMerges: async (hold) => void (await ask(`SYSTEM ${hold ? 'STOP' : 'START'} MERGES`)),
    damaged: (error) => {
      setImmediate(() => {
        throw error;
      });
    },
  });
  // A session runs one statement at a time, so readers get sessions of their own and do not wait behind inserts. Two
  // inserts at once take a quarter to a third less time than two inserts one after the other.
  const use = () => open(`USE ${options.database}`);
  const readers = createSessionPool(2, use, close);
  const writers = createSessionPool(2, use, close);
  type Reader = Awaited<ReturnType<typeof use>>;
  const bounded = new Map<number, SessionPool<Reader>>();
  /**
   * Sessions whose queries end after `seconds`. Queries with another bound get other sessions, because a SET stays in
   * its session.
   */
  const readersWithin = (seconds: number): SessionPool<Reader> => {
    let pool = bounded.get(seconds);
    if (pool === undefined) {
      const openBounded = async (): Promise<Reader> => {
        const reader = await use();
        await reader.session.chdb.queryAsync(`SET max_execution_time = ${seconds}`);
        return reader;
      };
      bounded.set(seconds, (pool = createSessionPool(2, openBounded, close)));
    }
    return pool;
  };
  return {
    ...createStore('embedded', where, options, {
      read: (act, bounds) =>
        bounds === undefined
          ? readers.use(({ client }) => act(client))
          : readersWithin(bounds.seconds).use(({ client }) => {
              // Skips the query when nobody waits for its answer any more.
              bounds.signal.throwIfAborted();
              return act(client);
            }),
      insert: async (insert) => {
        const { table, columns, body, format = 'TabSeparated' } = insert;
        // The settings are part of the statement: a SET would stay in the session and give the next insert this token.
        const settings = insertSettings(insert, 0);
        await writers.use(async ({ session: { chdb } }) => {
          await guard.insert<unknown>(() =>
            format === 'Native'
              ? insertNative(where, { table, columns, settings, body }, (sql) => chdb.queryAsync(sql))
              : chdb.rawInsert({ table, columns, ...afterComment({ body, format, settings }) }),
          );
        });
      },
      close: async () => {
        await guard.close();
        await readers.close();
        for (const pool of bounded.values()) await pool.close();
        await writers.close();
        await own.close();
        // The engine stops with its last session; `first` kept the engine running until now.
        await close(first);
      },
    }),
    engine: { openSession: () => asEngineSession(openSession(where), where, guard), guard: guard.insert },
  };
}

async function freeMib(where: string): Promise<number> {
  const { bavail, bsize } = await statfs(where);
  return (bavail * bsize) / (1024 * 1024);
}

const refusedWrites = `SELECT sum(value) FROM system.events WHERE event = 'WriteBufferFromFileDescriptorWriteFailed'`;

/**
 * chdb's types refer to client-common 1.22, and the client has its own copy of these types. Both copies are alike, but
 * a private field makes them different types.
 */
function asConnection(session: ReturnType<ChdbModule['createChdbConnection']>): ClientConnection {
  return session as unknown as ClientConnection;
}

/**
 * Loads the engine (543 MB), an optional dependency that a deployment with a server can leave out. Throws `StoreError`.
 */
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

interface StoreDriver {
  read<T>(act: (client: ClickHouseClient) => Promise<T>, bounds?: QueryBounds): Promise<T>;
  insert(insert: Insert): Promise<void>;
  close(): Promise<void>;
}

function createStore(kind: Store['kind'], where: string, options: StoreOptions, driver: StoreDriver): Store {
  return {
    kind,
    where,
    database: options.database,
    cluster: options.cluster,
    query: <Row>(sql: string, params: Record<string, unknown> = {}, bounds?: QueryBounds) =>
      attempt(
        where,
        () =>
          driver.read(async (client) => {
            const result = await client.query({
              query: sql,
              query_params: params,
              format: 'JSONEachRow',
              ...(kind === 'server' ? within(bounds) : {}),
            });
            return result.json<Row>();
          }, bounds),
        bounds,
      ),
    columns: (sql, params = {}, bounds) =>
      attempt(
        where,
        () =>
          driver.read(async (client) => {
            const { stream } = await client.exec({
              query: `${sql} FORMAT Native`,
              query_params: params,
              // Without this setting, a query that fails half-way would end in bytes that look like an answer. The
              // embedded engine needs no such setting: it returns a whole answer or an error.
              ...(kind === 'server' ? within(bounds, { wait_end_of_query: 1 }) : {}),
            });
            const chunks: Buffer[] = [];
            for await (const chunk of stream) chunks.push(chunk);
            const [first] = chunks;
            return readNativeAnswer(
              first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks),
            );
          }, bounds),
        bounds,
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

/**
 * The bounds as settings and signal of a query: the server stops it after the time, or when the client closes the
 * connection.
 */
function within(
  bounds: QueryBounds | undefined,
  settings: ClickHouseSettings = {},
): { clickhouse_settings?: ClickHouseSettings; abort_signal?: AbortSignal } {
  if (bounds === undefined) return { clickhouse_settings: settings };
  return {
    abort_signal: bounds.signal,
    clickhouse_settings: {
      ...settings,
      max_execution_time: bounds.seconds,
      cancel_http_readonly_queries_on_client_close: 1,
    },
  };
}

async function attempt<T>(where: string, act: () => T | Promise<T>, bounds?: QueryBounds): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const known = toStoreError(error, where);
    // After an abort nobody waits for the answer, so the cause of the error is not looked up.
    if (bounds?.signal.aborted === true) throw known;
    throw /^https?:/.test(where) ? await withStatusOf(known, where) : known;
  }
}
