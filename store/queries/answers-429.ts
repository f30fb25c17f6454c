import { BARE_429 } from '../../domain/classification.ts';
import type { Store } from '../store.ts';

/**
 * Stored answers with status 429, and how many of them were judged by that alone, of events in the last `hours`. Throws
 * `StoreError`.
 */
export async function readAnswers429(
  store: Store,
  hours: number,
): Promise<{ answers: number; bare: number }> {
  const [row] = await store.query<{ answers: number; bare: number }>(
    `SELECT toUInt32(countIf(status = 429 OR rule = {rule:String})) AS answers, toUInt32(countIf(rule = {rule:String})) AS bare
     FROM error_events WHERE ts > now64(3) - toIntervalHour({hours:UInt32})`,
    { hours, rule: BARE_429 },
  );
  return row ?? { answers: 0, bare: 0 };
}
