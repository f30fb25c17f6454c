import type { SimulatedRecord } from './record.ts';

export interface PaceOptions {
  /** Event time of the first moment, epoch milliseconds. */
  from: number;
  /** Seconds of event time per second of the clock: 1 is real time. */
  speed: number;
  /** The clock, milliseconds. */
  now: () => number;
  /** Resolves after this many milliseconds, or at once when the run is stopped. */
  wait: (ms: number) => Promise<void>;
  /** Asked before each record and after each wait; true ends the run. */
  stopped: () => boolean;
}

const TICK_MS = 50;
const MOST_AT_ONCE = 5_000;

/**
 * Yields records in batches when their time has come. If the reader was slow, the overdue records follow in batches of
 * limited size. A batch is never empty.
 */
export async function* pace(
  records: Iterable<SimulatedRecord>,
  options: PaceOptions,
): AsyncGenerator<SimulatedRecord[]> {
  const { from, speed, now, wait, stopped } = options;
  const begin = now();
  let batch: SimulatedRecord[] = [];
  for (const record of records) {
    for (;;) {
      if (stopped()) return;
      const early = (record.ts - from) / speed - (now() - begin);
      if (early <= 0 && batch.length < MOST_AT_ONCE) break;
      if (batch.length > 0) {
        yield batch;
        batch = [];
      }
      if (early > 0) await wait(Math.max(TICK_MS, Math.min(early, 1_000)));
    }
    batch.push(record);
  }
  if (batch.length > 0) yield batch;
}
