import type { Store } from '../store/store.ts';
import {
  type PartitionReport,
  type PartitionState,
  readIngestState,
  type StandReason,
  writeIngestState,
} from '../store/queries/ingest-state.ts';
import { begin, follow, reportOf, type Track } from './partition-track.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import { silentEvents, type WorkerEvents } from './worker-events.ts';
import type { PartitionStatus } from './worker-status.ts';
import type { Worker } from './worker.ts';

/** Tells the store what the worker knows of its partitions: what waits, and up to when all is stored. */
export interface StateReport {
  /** To be given to the worker. */
  readonly events: WorkerEvents;
  /** True when something has happened that is worth a report before the next one is due. */
  isUrgent(): boolean;
  /** One insert for all partitions. Does nothing while another is under way. Throws `StoreError`; the next one makes up for it. */
  report(): Promise<void>;
  /** The last word, after the worker has stopped in order. Throws `StoreError`. */
  leave(): Promise<void>;
}

export interface StateReportOptions {
  store: Store;
  /** The name under which the worker writes. */
  name: string;
  worker(): Pick<Worker, 'status'>;
  /** Wall clock, epoch ms. */
  now(): number;
}

/** The end of the log is asked for every 10 s: one that is older is not known, ms. */
const KNOWN_MS = 30_000;

/**
 * Reports that begin with the next assignment. They never hold up ingest: they share nothing with it but the store's
 * connections, and what fails is said again, newer, by the next report.
 */
export function createStateReport(options: StateReportOptions): StateReport {
  const { store, name, now } = options;
  let tracks = new Map<string, { id: PartitionId; track: Track }>();
  /** How many assignments there were, and up to which the last owners have been asked for. */
  let assignments = 0;
  let takenOver = 0;
  let isUrgent = false;
  let isReporting = false;
  let sent = 0;
  let storeFails = false;
  let brokerFails = false;
  const halted = new Set<string>();
  /** The oldest request of the newest batch, epoch ms; and the end of that batch. */
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
      // A client whose clock is ahead says nothing of how far the backlog has been worked through.
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

  /** Begins with what the last owners said; only the partitions that this worker had already go on. */
  async function takeOver(): Promise<void> {
    const own = assignments;
    const state = await readIngestState(store);
    const before = new Map<string, PartitionState>(
      state.partitions.map((one) => [partitionKey(one), one] as const),
    );
    // Another assignment came meanwhile: its partitions are taken over by the next report.
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
      // Between two assignments nothing is known; what was said before grows old by itself.
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
