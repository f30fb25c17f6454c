import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { toRetention } from '../domain/retention.ts';
import type { Settings } from '../domain/settings.ts';
import type { BatchLimits } from '../ingest/batcher.ts';
import type { Source } from '../ingest/sources/source.ts';
import { createRecordReader } from '../ingest/read-record.ts';
import { createWorker, type Worker } from '../ingest/worker.ts';
import type { WorkerEvents } from '../ingest/worker-events.ts';
import { openStore } from '../store/connect.ts';
import type { Store, StoreOptions } from '../store/store.ts';
import { migrate } from '../store/migrate.ts';
import type { CommandContext } from './context.ts';

const MIB = 1024 * 1024;

/**
 * Rows held in memory before reading waits, in bytes: a batch of `batch.bytes` is written, one waits and one grows, so
 * that a file's batches are never cut by memory.
 */
export function memoryFor(batchBytes: number): number {
  return Math.max(56 * MIB, 2.5 * batchBytes + 16 * MIB);
}

const WRITERS = 4;

/** Where the store is, and how long its tables keep their rows. */
export type MigrateOptions = StoreOptions & Pick<Settings['clickhouse'], 'retention'>;

/** Opens the store and brings it to the present schema and retention. */
export async function openMigrated(options: MigrateOptions): Promise<Store> {
  const store = await openStore(options);
  try {
    await migrate(store, toRetention(options.retention));
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The name under which a worker writes: which host, which process, and another one each time. */
export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}

/** The worker with the process's clock and chance. `limits` are those of the settings unless given. */
export function workerFor(
  context: Pick<CommandContext, 'now'>,
  settings: Settings,
  parts: {
    store: Store;
    source: Source;
    events: WorkerEvents;
    limits?: BatchLimits;
    onRefused: 'halt' | 'fail';
    name?: string;
  },
): Worker {
  return createWorker({
    store: parts.store,
    source: parts.source,
    events: parts.events,
    onRefused: parts.onRefused,
    reader: createRecordReader(settings),
    limits: parts.limits ?? settings.batch,
    memoryBytes: memoryFor((parts.limits ?? settings.batch).bytes),
    writers: WRITERS,
    worker: parts.name ?? workerName(),
    mostNames: settings.names.most,
    announcementMs: settings.kafka.session_timeout_ms / 2,
    monotonic: () => performance.now(),
    now: context.now,
    sleep: (ms) => sleep(ms),
    chance: () => Math.random(),
    reached: () => undefined,
  });
}

/**
 * BatchLimits for a file: by what it holds alone, so that reading it again after a crash cuts the same batches, whose
 * tokens the store then recognises.
 */
export function fileLimits(settings: Settings): BatchLimits {
  const never = Number.POSITIVE_INFINITY;
  return { ...settings.batch, age_ms: never, quiet_age_ms: never };
}
