import type { Delivery } from '../../store/queries/notifications.ts';
import type { ReceiverAnswer } from './channel.ts';

const FIRST_SECONDS = 5;
const LONGEST_SECONDS = 600;
/**
 * After a failed try nothing is sent to the receiver for a while, but at most for this many seconds: the next message
 * may go through.
 */
const LONGEST_HOLD_SECONDS = 60;

/**
 * Seconds to wait after this many failed tries in a row. `chance` in [0, 1) makes several analyzers wait differently.
 * Pure.
 */
export function backoffSeconds(attempts: number, chance: number): number {
  const whole = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20));
  return whole * (0.75 + chance / 2);
}

/** The delivery after a try at `now` (epoch seconds) with this answer. Pure. */
export function afterTry(
  delivery: Delivery,
  answer: ReceiverAnswer,
  now: number,
  giveUpSeconds: number,
  chance: number,
): Delivery {
  const attempts = delivery.attempts + 1;
  const tried = { ...delivery, version: delivery.version + 1, attempts, tried_at: now, answer: answer.text };
  if (answer.ok) return { ...tried, state: 'sent', next_at: now };
  if (now - delivery.decided_at >= giveUpSeconds) return { ...tried, state: 'given_up', next_at: now };
  const wait = Math.max(answer.retry_seconds ?? 0, backoffSeconds(attempts, chance));
  return { ...tried, state: 'failed', next_at: now + wait };
}

/** When a receiver may be tried again after a failed try, epoch seconds. Pure. */
export function holdUntil(failed: Delivery): number {
  const tried = failed.tried_at ?? 0;
  return Math.min(failed.next_at, tried + LONGEST_HOLD_SECONDS);
}

/**
 * The next delivery to try among those that a receiver has not accepted; null: none is due at `now`. Deliveries that
 * were never tried come first, so that one that always fails does not block the others. Pure.
 */
export function nextToTry(unfinished: readonly Delivery[], now: number): Delivery | null {
  const due = unfinished.filter(({ next_at }) => next_at <= now);
  return due.toSorted((a, b) => a.attempts - b.attempts || a.decided_at - b.decided_at)[0] ?? null;
}
