import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../domain/settings.ts';
import type { BatchLimits } from '../../ingest/batcher.ts';
import type { Source } from '../../ingest/sources/source.ts';
import { createRecordReader } from '../../ingest/read-record.ts';
import { createWorker, type Worker } from '../../ingest/worker.ts';
import type { WorkerEvents } from '../../ingest/worker-events.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';

const MIB = 1024 * 1024;

/**
 * Reading stops when rows use more than this, in bytes. It is enough for two batches of `batch.bytes` and the rows of
 * one chunk, so that memory never closes a batch of a file before it is full.
 */
export function memoryFor(batchBytes: number): number {
  return Math.max(56 * MIB, 2.5 * batchBytes + 16 * MIB);
}

const WRITERS = 4;

/** The name of a worker in the store: host, process, and a random part, so that it is new each time. */
export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}

/** Makes a worker with the clock and random numbers of the process. `limits` absent: the limits in the settings. */
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
 * Limits for a file. Its batches depend only on its content: after a crash, reading it again makes the same batches,
 * and the store recognises their tokens.
 */
export function fileLimits(settings: Settings): BatchLimits {
  const never = Number.POSITIVE_INFINITY;
  return { ...settings.batch, age_ms: never, quiet_age_ms: never };
}
