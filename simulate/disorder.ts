import { createRandom } from './random.ts';
import type { SimulatedRecord } from './record.ts';
import { type Disorder, matches } from './scenario.ts';

/**
 * The records in the order in which they reach the log: some records are late, some have the time of a wrong clock, and
 * some are missing. `from` is the first moment of the traffic, epoch milliseconds. Only late records are held in
 * memory.
 */
export function* disordered(
  records: Iterable<SimulatedRecord>,
  disorder: Disorder,
  { seed, from }: { seed: number | string; from: number },
): Generator<SimulatedRecord> {
  const { late_share: lateShare = 0, late_ms: lateMs = 0, skew, gap } = disorder;
  const random = createRandom(`disorder ${seed}`);
  const waiting: { due: number; record: SimulatedRecord }[] = [];
  for (const record of records) {
    const since = record.ts - from;
    for (let first = waiting[0]; first !== undefined && first.due <= record.ts; first = waiting[0]) {
      waiting.shift();
      yield first.record;
    }
    if (gap !== undefined && since >= gap.after_ms && since < gap.after_ms + gap.lasts_ms) continue;
    const isSkewed = skew !== undefined && matches(record.caller, skew.where);
    const seen = isSkewed ? { ...record, ts: record.ts + skew.ms } : record;
    if (random.next() >= lateShare) {
      yield seen;
      continue;
    }
    const due = record.ts + random.next() * lateMs;
    const place = waiting.findLastIndex((other) => other.due <= due) + 1;
    waiting.splice(place, 0, { due, record: seen });
  }
  for (const { record } of waiting) yield record;
}
