import type { Delivery } from '../../store/queries/notifications.ts';
import type { Answer } from './channel.ts';

const FIRST_SECONDS = 5;
const LONGEST_SECONDS = 600;
/** After a failure the whole receiver is left alone, but not for longer than this: others than the one that failed may go through. */
const LONGEST_HOLD_SECONDS = 60;

/** How long to wait after so many failed tries in a row; `chance` in [0, 1) spreads analyzers. Pure. */
export function backoffSeconds(attempts: number, chance: number): number {
  const whole = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20));
  return whole * (0.75 + chance / 2);
}

/** The delivery after a try at `now` (epoch seconds) with this answer. Pure. */
export function afterTry(
  delivery: Delivery,
  answer: Answer,
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

/** Until when a receiver is left alone after a try that failed, epoch seconds. Pure. */
export function holdUntil(failed: Delivery): number {
  const tried = failed.tried_at ?? 0;
  return Math.min(failed.next_at, tried + LONGEST_HOLD_SECONDS);
}

/**
 * The next delivery to try, of those that a receiver has not taken; null: none is due at `now`. One that was never tried
 * goes first, so that one which always fails does not keep the others from going through. Pure.
 */
export function nextToTry(unfinished: readonly Delivery[], now: number): Delivery | null {
  const due = unfinished.filter(({ next_at }) => next_at <= now);
  return due.toSorted((a, b) => a.attempts - b.attempts || a.decided_at - b.decided_at)[0] ?? null;
}
