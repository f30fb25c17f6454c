import type { Store } from '../store/store.ts';
import {
  type PartitionReport,
  type ReportedPartition,
  readIngestState,
  type StandReason,
  writeIngestState,
} from '../store/queries/ingest-state.ts';
import { begin, follow, reportOf, type Track } from './partition-track.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import { silentEvents, type WorkerEvents } from './worker-events.ts';
import type { PartitionStatus } from './worker-status.ts';
import type { Worker } from './worker.ts';

/**
 * Reports to the store what the worker knows about its partitions: how many records wait, and up to which time
 * everything is stored.
 */
export interface StateReport {
  /** Receives the events of the worker. */
  readonly events: WorkerEvents;
  /** True when something happened that should be reported before the next report is due. */
  isUrgent(): boolean;
  /**
   * Reports all partitions with one insert. Does nothing while another report runs. Throws `StoreError`; the next
   * report replaces a failed one.
   */
  report(): Promise<void>;
  /** The last report, after the worker has stopped in order. Throws `StoreError`. */
  leave(): Promise<void>;
}

export interface StateReportOptions {
  store: Store;
  /** The name of the worker in the store. */
  name: string;
  worker(): Pick<Worker, 'status'>;
  /** Wall clock, epoch ms. */
  now(): number;
}

/** In ms: the end of the log is read every 10 s, and an end older than this counts as unknown. */
const KNOWN_MS = 30_000;

/**
 * Starts reporting with the next assignment. Reports never delay ingest: they share only the connections to the store,
 * and the next report replaces one that failed.
 */
export function createStateReport(options: StateReportOptions): StateReport {
  const { store, name, now } = options;
  let tracks = new Map<string, { id: PartitionId; track: Track }>();
  /** Number of assignments so far, and number of the assignment for which the last owners were read. */
  let assignments = 0;
  let takenOver = 0;
  let isUrgent = false;
  let isReporting = false;
  let sent = 0;
  let storeFails = false;
  let brokerFails = false;
  const halted = new Set<string>();
  /**
   * By partition: the time of the oldest request of the newest batch, epoch ms (`reached`), and the end of that batch
   * (`written`).
   */
  const reached = new Map<string, number>();
  const written = new Map<string, number>();

  const events: WorkerEvents = {
    ...silentEvents,
    assigned() {
      assignments++;
      isUrgent = true;
      for (const known of [halted, reached, written]) known.clear();
    },
    written(id, batch) {
      const key = partitionKey(id);
      if (halted.delete(key)) isUrgent = true;
      written.set(key, batch.to);
      const { first_ts: first } = batch.rows.totals;
      // A time after `now` is left out: the clock of that client is ahead, so the time does not show how much of the
      // backlog is done.
      if (first !== null && first <= now()) reached.set(key, Math.max(reached.get(key) ?? 0, first));
    },
    halted(id) {
      const key = partitionKey(id);
      if (!halted.has(key)) isUrgent = true;
      halted.add(key);
    },
    started() {
      storeFails = false;
      brokerFails = false;
    },
    storeFailed: () => void (storeFails = true),
    storeAnswered: () => void (storeFails = false),
    brokerFailed: () => void (brokerFails = true),
    announced: () => void (brokerFails = false),
  };

  /** Reads the last reports of the previous owners; partitions that this worker already had continue. */
  async function takeOver(): Promise<void> {
    const own = assignments;
    const state = await readIngestState(store);
    const before = new Map<string, ReportedPartition>(
      state.partitions.map((one) => [partitionKey(one), one] as const),
    );
    // Another assignment came meanwhile: the next report reads the owners of its partitions.
    if (own !== assignments) return;
    takenOver = own;
    tracks = new Map(
      options
        .worker()
        .status()
        .partitions.map(({ topic, partition }) => {
          const id = { topic, partition };
          const key = partitionKey(id);
          const track = tracks.get(key)?.track ?? begin(before.get(key) ?? null, state.now, now());
          return [key, { id, track }];
        }),
    );
  }

  function reasonOf(key: string, status: PartitionStatus | undefined): StandReason {
    if (halted.has(key)) return 'refused_rows';
    if (storeFails) return 'store';
    if (brokerFails) return 'broker';
    if (status?.starting === true) return 'starting';
    return status !== undefined && now() - (status.known_at ?? 0) > KNOWN_MS ? 'broker' : '';
  }

  async function send(state: PartitionReport['state'], statuses: readonly PartitionStatus[]): Promise<void> {
    const of = new Map(statuses.map((status) => [partitionKey(status), status]));
    const at = now();
    const reports = [...tracks].map(([key, known]) => {
      const status = of.get(key);
      const last = written.get(key) ?? known.track.next;
      const seen = status ?? { stored: last, unwritten: null, known_at: null };
      known.track = follow(known.track, seen, at);
      const said = { state, reason: reasonOf(key, status), reached: reached.get(key) ?? null };
      return reportOf(known.id, known.track, said, at);
    });
    await writeIngestState(store, name, reports, `ingest-state:${name}:${sent++}`);
  }

  return {
    events,
    isUrgent: () => isUrgent,
    async report() {
      // Between two assignments nothing is known; earlier reports become outdated by themselves.
      if (isReporting || options.worker().status().partitions.length === 0) return;
      isReporting = true;
      isUrgent = false;
      try {
        if (takenOver !== assignments) await takeOver();
        if (takenOver === assignments) await send('held', options.worker().status().partitions);
      } finally {
        isReporting = false;
      }
    },
    leave: () => send('left', []),
  };
}
