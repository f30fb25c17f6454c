import { createRequire } from 'node:module';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { EngineInsert, EngineSession, Store, StoreOptions } from './connect.ts';
import { attempt, createStore } from './create-store.ts';
import { createDiskGuard, type DiskGuard, refuseFullDisk } from './disk-guard.ts';
import { detachStdin, makeDirectory, refuseForeignOwner } from './engine-surroundings.ts';
import { StoreError } from './error.ts';
import { forgetIncomplete, mendTokenLogs } from './incomplete-parts.ts';
import { insertSettings } from './insert-settings.ts';
import { createSessionPool } from './session-pool.ts';

type ChdbModule = typeof import('chdb/connection');
type ChdbSession = import('chdb').Session;
type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** Opens the engine in this process. Throws `StoreError`. */
export async function openEmbedded(options: StoreOptions): Promise<Store> {
  const where = path.resolve(options.path);
  detachStdin();
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
      `data directory ${where}: set aside what had not been written in full (${setAside.join(', ')}): what was not acknowledged is read anew, faultline reconcile shows whether anything is missing`,
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
        await guard.insert(() =>
          writers.use(({ session }) => session.chdb.rawInsert({ table, columns, ...rows })),
        );
      },
      close: async () => {
        await guard.close();
        await readers.close();
        await writers.close();
        await own.close();
        // The last session takes the engine with it; until now this one kept it.
        await close(first);
      },
    }),
    engine: { openSession: () => asEngineSession(openSession(where), guard), guard: guard.insert },
  };
}

async function freeMib(where: string): Promise<number> {
  const { bavail, bsize } = await statfs(where);
  return (bavail * bsize) / (1024 * 1024);
}

const refusedWrites = `SELECT sum(value) FROM system.events WHERE event = 'WriteBufferFromFileDescriptorWriteFailed'`;

function asEngineSession(session: ChdbSession, guard: DiskGuard): EngineSession {
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
      const done = await guard.insert(() => session.insert({ table, ...names, ...afterComment(rows) }));
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
