import { bareRules } from '../../domain/classification.ts';
import type { Store } from '../store.ts';

/**
 * Failures of the last `hours` (event time) with a status, and how many of them (`bare`) were judged by the status
 * alone. For 429, failures with the rule `status.429` and another status are included. Throws `StoreError`.
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
