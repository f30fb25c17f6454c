import type { IncidentState } from '../domain/incident.ts';

/**
 * What one evaluation says of one subject. `breach`: over the threshold at which an incident fires. `lingering`: under
 * it, but still over the lower threshold at which an incident ends. `healthy`: there was enough good traffic to prove
 * that nothing is wrong. `no_data`: too little traffic to prove anything.
 */
export type Level = 'breach' | 'lingering' | 'healthy' | 'no_data';

const loudness: readonly Level[] = ['no_data', 'healthy', 'lingering', 'breach'];

/** Order of the levels from weakest to strongest. Healthy is stronger than no data, because it is proven. */
export function loudnessOf(level: Level): number {
  return loudness.indexOf(level);
}

/** Durations that decide the life of an incident, in seconds. */
export interface Policy {
  pending_seconds: number;
  clear_seconds: number;
  reopen_seconds: number;
  /** Longest time that one healthy evaluation may add to `healthy_seconds`. */
  window_seconds: number;
}

/** What one evaluation saw. `incomplete`: counts are missing, so nothing can be judged. */
export interface Observation {
  level: Level | 'incomplete';
  started_at: number;
  last_at: number;
}

/** The present stage of an incident. Times are epoch seconds of event time. */
export interface Life {
  state: IncidentState;
  /** Start of the interval with the first matching answer. */
  started_at: number;
  /** Time of the evaluation that saw the breach first. */
  breach_at: number;
  /** Time of the evaluation that fired; null while pending. */
  detected_at: number | null;
  /** End of the last interval that belongs to the incident; null while not resolved. */
  resolved_at: number | null;
  last_at: number;
  /**
   * Healthy time seen since the last evaluation that found a breach or lingering. An evaluation without data changes
   * nothing.
   */
  healthy_seconds: number;
  evaluated_at: number;
  /** Why the last evaluation could not judge the incident; null: it could. */
  held: 'no_data' | 'data_incomplete' | null;
  /** How many times the incident was opened again. */
  reopened: number;
}

export const reasons = [
  'nothing',
  'breach_began',
  'breach_waits',
  'breach_paused',
  'breach_ended',
  'fired',
  'continues',
  'lingers',
  'clearing',
  'held',
  'resolved',
  'reopened',
  'at_rest',
  'forgotten',
  'already_evaluated',
] as const;
export type Reason = (typeof reasons)[number];

/**
 * The result of one step. `next`: the life to remember; null forgets the incident. `emit`: the incident must be written
 * to the store at once.
 */
export interface Advance {
  next: Life | null;
  emit: boolean;
  reason: Reason;
}

/** Makes one step in the life of an incident; docs/incidents.md has the table. Pure: `now` is event time in seconds. */
export function advanceLife(previous: Life | null, seen: Observation, now: number, policy: Policy): Advance {
  if (previous !== null && now <= previous.evaluated_at) {
    return { next: previous, emit: false, reason: 'already_evaluated' };
  }
  if (previous === null) return fromNothing(seen, now, policy);
  if (previous.state === 'pending') return fromPending(previous, seen, now, policy);
  if (previous.state === 'firing') return fromFiring(previous, seen, now, policy);
  return fromResolved(previous, seen, now, policy);
}

function fromNothing(seen: Observation, now: number, policy: Policy): Advance {
  if (seen.level !== 'breach') return { next: null, emit: false, reason: 'nothing' };
  const life: Life = {
    state: 'pending',
    started_at: seen.started_at,
    breach_at: now,
    detected_at: null,
    resolved_at: null,
    last_at: seen.last_at,
    healthy_seconds: 0,
    evaluated_at: now,
    held: null,
    reopened: 0,
  };
  return policy.pending_seconds === 0 ? fire(life, now) : { next: life, emit: false, reason: 'breach_began' };
}

function fromPending(previous: Life, seen: Observation, now: number, policy: Policy): Advance {
  const life = { ...previous, evaluated_at: now };
  switch (seen.level) {
    case 'breach':
      if (now - life.breach_at >= policy.pending_seconds)
        return fire({ ...life, last_at: seen.last_at }, now);
      return { next: { ...life, last_at: seen.last_at }, emit: false, reason: 'breach_waits' };
    case 'lingering':
      // A pending incident that lingers for `clear_seconds` fires, although it is not over the firing threshold now:
      // otherwise it would stay pending for ever.
      if (now - life.breach_at >= policy.clear_seconds) return fire({ ...life, last_at: seen.last_at }, now);
      return { next: { ...life, last_at: seen.last_at }, emit: false, reason: 'breach_paused' };
    case 'healthy':
      return { next: null, emit: false, reason: 'breach_ended' };
    case 'no_data':
      // The breach was not seen again for `clear_seconds`, so the pending incident is dropped. A breach that comes
      // later gets a start of its own.
      if (now - life.last_at > policy.clear_seconds)
        return { next: null, emit: false, reason: 'breach_ended' };
      return { next: life, emit: false, reason: 'breach_paused' };
    case 'incomplete':
      break;
  }
  // Counts are missing, so the life does not change. This time is evaluated again when they are stored.
  return { next: previous, emit: false, reason: 'breach_paused' };
}

function fire(life: Life, now: number): Advance {
  return { next: { ...life, state: 'firing', detected_at: now }, emit: true, reason: 'fired' };
}

function fromFiring(previous: Life, seen: Observation, now: number, policy: Policy): Advance {
  const life = { ...previous, evaluated_at: now, held: null };
  switch (seen.level) {
    case 'breach':
    case 'lingering': {
      const reason = seen.level === 'breach' ? 'continues' : 'lingers';
      const next = { ...life, last_at: Math.max(life.last_at, seen.last_at), healthy_seconds: 0 };
      return { next, emit: previous.held === 'data_incomplete', reason };
    }
    case 'healthy': {
      // After a gap between evaluations, only the time of the window counts as healthy.
      const healthy = life.healthy_seconds + Math.min(now - previous.evaluated_at, policy.window_seconds);
      if (healthy < policy.clear_seconds) {
        return {
          next: { ...life, healthy_seconds: healthy },
          emit: previous.held === 'data_incomplete',
          reason: 'clearing',
        };
      }
      const next: Life = { ...life, state: 'resolved', resolved_at: life.last_at, healthy_seconds: healthy };
      return { next, emit: true, reason: 'resolved' };
    }
    case 'no_data':
      // With little traffic an incident often changes between "no data" and "data". Such a change alone is not worth a
      // row: it is written with the next new numbers.
      return {
        next: { ...life, held: 'no_data' },
        emit: previous.held === 'data_incomplete',
        reason: 'held',
      };
    case 'incomplete':
      break;
  }
  // Counts are missing here too, so this time is evaluated again later.
  const next: Life = { ...previous, held: 'data_incomplete' };
  return { next, emit: previous.held !== 'data_incomplete', reason: 'held' };
}

function fromResolved(previous: Life, seen: Observation, now: number, policy: Policy): Advance {
  const resolvedAt = previous.resolved_at ?? previous.last_at;
  // While counts are missing, the time in which the incident can be reopened does not run out: the missing counts may
  // hold the breach that reopens it.
  if (seen.level === 'incomplete') return { next: previous, emit: false, reason: 'at_rest' };
  if (now - resolvedAt > policy.reopen_seconds) {
    const next = fromNothing(seen, now, policy);
    return next.next === null ? { ...next, reason: 'forgotten' } : next;
  }
  if (seen.level !== 'breach') {
    return { next: { ...previous, evaluated_at: now }, emit: false, reason: 'at_rest' };
  }
  const next: Life = {
    ...previous,
    state: 'firing',
    resolved_at: null,
    last_at: Math.max(previous.last_at, seen.last_at),
    healthy_seconds: 0,
    evaluated_at: now,
    held: null,
    reopened: previous.reopened + 1,
  };
  return { next, emit: true, reason: 'reopened' };
}
