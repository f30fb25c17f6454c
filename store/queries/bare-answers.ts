import { bareRules } from '../../domain/classification.ts';
import type { Store } from '../store.ts';

/**
 * Stored answers with a status, and how many of them were judged by that alone, of events in the last `hours`. Throws
 * `StoreError`.
 */
export async function readBareAnswers(
  store: Store,
  status: keyof typeof bareRules,
  hours: number,
): Promise<{ answers: number; bare: number }> {
  const [row] = await store.query<{ answers: number; bare: number }>(
    `SELECT toUInt32(count()) AS answers, toUInt32(countIf(rule = {rule:String})) AS bare
     FROM error_events WHERE (status = {status:UInt16} OR {status:UInt16} = 429 AND rule = {rule:String}) AND ts > now64(3) - toIntervalHour({hours:UInt32})`,
    { hours, status, rule: bareRules[status] },
  );
  return row ?? { answers: 0, bare: 0 };
}
