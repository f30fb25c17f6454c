import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/error.ts';
import type { Worker } from '../worker.ts';
import type { WorkerStatus } from '../worker-status.ts';
import type { WorkerEvents } from '../worker-events.ts';
import {
  decideHealth,
  type Health,
  type HealthFacts,
  isStalled,
  LAG_WINDOW_MS,
  type MissingPart,
} from './health.ts';
import { healthStates, PARTITION_SERIES } from './metrics.ts';
import { type PartitionSeries, partitionSeries } from './partition-series.ts';
import { type Recorded, recordEvents } from './record-events.ts';
import { createRegistry } from './registry.ts';

/** The metrics and the health of one worker. */
export interface Telemetry {
  /** Receives the events of the worker. */
  readonly events: WorkerEvents;
  /** Sets what the start of the worker waits for; called whenever this changes. */
  lack(missing: readonly MissingPart[]): void;
  /** Sets the worker and its store; called when both exist. */
  watch(worker: Worker, store: Store): void;
  /** Asks store and source whether they answer, and records the lag. Never rejects. Call it every `SAMPLE_MS`. */
  sample(): Promise<void>;
  /** Sets the phase: the worker was told to stop, or has ended by itself. */
  enter(phase: 'stopping' | 'ended'): void;
  /** False when only a restart of the process helps. */
  isAlive(): boolean;
  health(): HealthAnswer;
  readonly contentType: string;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
}

/** The answer of `/readyz`. */
export interface HealthAnswer extends Health {
  partitions: number;
  lag_records: number;
  lag_seconds: number;
}

export interface TelemetryOptions {
  monotonic: () => number;
  /** Wall clock, epoch ms. */
  now: () => number;
  /** Adds the metrics of Node itself. */
  process: boolean;
}

/** Time between two samples, ms. */
export const SAMPLE_MS = 10_000;

const NOTHING: WorkerStatus = { partitions: [], held_bytes: 0, ticked_at: null };

/**
 * Starts telemetry. The events cost work only once per chunk and once per batch; everything else is computed when
 * metrics or health are read.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = createRegistry({ process: options.process });
  const began = options.monotonic();
  const recorded: Recorded = {
    watermarks: new Map(),
    halted: new Set(),
    facts: {
      assigned: false,
      group_since: began,
      missing_topics: [],
      store_failing_since: null,
      store_failed_at: null,
      store_answered_at: null,
      broker_failing_since: null,
      broker_failed_at: null,
      broker_answered_at: null,
    },
  };
  const { facts } = recorded;
  let phase: HealthFacts['phase'] = 'starting';
  let missing: readonly MissingPart[] = [];
  let startedAt = began;
  let watched: { worker: Worker; store: Store } | null = null;
  let sampling = false;
  let mayReadEvents = true;
  let lags: { at: number; records: number }[] = [];
  let lagBefore: number | null = null;
  const events = recordEvents(registry, recorded, options.monotonic);

  function look(): { status: WorkerStatus; series: PartitionSeries[]; facts: HealthFacts } {
    const status = watched?.worker.status() ?? NOTHING;
    const series = partitionSeries(status.partitions, recorded.watermarks, PARTITION_SERIES, options.now());
    return {
      status,
      series,
      facts: {
        ...facts,
        phase,
        missing,
        started_at: startedAt,
        lag_records_before: lagBefore,
        ticked_at: status.ticked_at,
        partitions: status.partitions.length,
        starting: status.partitions.filter(({ starting }) => starting).length,
        halted: recorded.halted.size,
        lag_records: series.reduce((sum, { lag_records }) => sum + (lag_records ?? 0), 0),
        lag_seconds: series.reduce((most, { lag_seconds }) => Math.max(most, lag_seconds ?? 0), 0),
      },
    };
  }

  async function askStore(store: Store): Promise<void> {
    try {
      if (mayReadEvents) {
        const [row] = await store.query<{ blocks: number }>(DUPLICATES);
        registry.total('faultline_store_duplicate_blocks_total', row?.blocks ?? 0, {});
      } else await store.query('SELECT 1 AS one');
      facts.store_answered_at = options.monotonic();
    } catch (error) {
      // A refusal is an answer too: this user may not read that table.
      if (!(error instanceof StoreError) || error.code !== 'refused') return;
      if (mayReadEvents) facts.store_answered_at = options.monotonic();
      mayReadEvents = false;
    }
  }

  async function askSource(worker: Worker): Promise<void> {
    try {
      if (await worker.refreshLag()) facts.broker_answered_at = options.monotonic();
    } catch {
      // There was no answer. The time of the last answer, which does not change, shows this.
    }
  }

  function noteLag(): void {
    const at = options.monotonic();
    // Lags from before this assignment concern other partitions.
    lags = lags.filter((sample) => sample.at >= facts.group_since);
    lags.push({ at, records: look().facts.lag_records });
    while (at - (lags[1]?.at ?? at) >= LAG_WINDOW_MS) lags.shift();
    const [first] = lags;
    lagBefore = first !== undefined && at - first.at >= LAG_WINDOW_MS ? first.records : null;
  }

  const health = (): HealthAnswer => {
    const { facts: all } = look();
    const { partitions, lag_records, lag_seconds } = all;
    return { ...decideHealth(all, options.monotonic()), partitions, lag_records, lag_seconds };
  };

  return {
    events,
    lack(parts) {
      missing = parts;
    },
    watch(worker, store) {
      watched = { worker, store };
      if (phase === 'starting') phase = 'running';
      startedAt = options.monotonic();
      facts.group_since = startedAt;
      // The migrations have just run, so ClickHouse has answered.
      facts.store_answered_at = startedAt;
    },
    async sample() {
      if (watched === null || sampling) return;
      sampling = true;
      await Promise.all([askStore(watched.store), askSource(watched.worker)]);
      noteLag();
      sampling = false;
    },
    enter(next) {
      phase = next;
    },
    isAlive: () => !isStalled(look().facts, options.monotonic()),
    health,
    contentType: registry.contentType,
    text() {
      const { status, series, facts: all } = look();
      const now = options.monotonic();
      for (const name of [
        'faultline_lag_records',
        'faultline_lag_seconds',
        'faultline_watermark_timestamp_seconds',
      ] as const)
        registry.clear(name);
      for (const { topic, partition, lag_records, lag_seconds, watermark } of series) {
        if (lag_records !== null) registry.set('faultline_lag_records', lag_records, { topic, partition });
        if (lag_seconds !== null) registry.set('faultline_lag_seconds', lag_seconds, { topic, partition });
        if (watermark !== null)
          registry.set('faultline_watermark_timestamp_seconds', watermark, { topic, partition });
      }
      registry.set('faultline_partitions', all.partitions, { state: 'held' });
      registry.set('faultline_partitions', all.starting, { state: 'starting' });
      registry.set('faultline_partitions', all.halted, { state: 'halted' });
      registry.set('faultline_partitions', status.partitions.filter(({ paused }) => paused).length, {
        state: 'paused',
      });
      registry.set('faultline_held_bytes', status.held_bytes, {});
      registry.set('faultline_loop_age_seconds', (now - (status.ticked_at ?? now)) / 1000, {});
      const { state } = decideHealth(all, now);
      for (const known of healthStates)
        registry.set('faultline_health', known === state ? 1 : 0, { state: known });
      return registry.text();
    },
  };
}

const DUPLICATES = `SELECT sum(value) AS blocks FROM system.events WHERE event = 'DuplicatedInsertedBlocks'`;
