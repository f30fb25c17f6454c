import type { IncidentState } from '../domain/incident.ts';

/**
 * What a detector sees in one organization: `breach` is over the threshold to fire; `lingering` is under it and
 * over the one to clear; `healthy` is proven by answers; `no_data` proves nothing.
 */
export type Level = 'breach' | 'lingering' | 'healthy' | 'no_data';

const loudness: readonly Level[] = ['no_data', 'healthy', 'lingering', 'breach'];

/** How strong a statement is: where one has proof of health and another knows nothing, it is healthy. */
export function loudnessOf(level: Level): number {
  return loudness.indexOf(level);
}

/** Durations of the life of an incident, in seconds. */
export interface Policy {
  pending_seconds: number;
  clear_seconds: number;
  reopen_seconds: number;
  /** Longest time that one healthy evaluation can vouch for. */
  window_seconds: number;
}

/** What was seen at one evaluation. `incomplete`: counts are missing because ingest is behind. */
export interface Observation {
  level: Level | 'incomplete';
  started_at: number;
  last_at: number;
}

/** Where an incident stands. Times are epoch seconds of event time. */
export interface Life {
  state: IncidentState;
  /** First matching answer. */
  started_at: number;
  /** Evaluation that saw the breach first. */
  breach_at: number;
  /** Evaluation that fired; null while pending. */
  detected_at: number | null;
  /** End of the last matching answers; null while not resolved. */
  resolved_at: number | null;
  last_at: number;
  /** Healthy time seen since the last breach. */
  healthy_seconds: number;
  evaluated_at: number;
  /** Why nothing can be said at present. */
  held: 'no_data' | 'data_incomplete' | null;
  /** How often it was opened again. */
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

/** `emit`: the change has to be told at once. `next` null: nothing is remembered. */
export interface Advance {
  next: Life | null;
  emit: boolean;
  reason: Reason;
}

/** One step in the life of an incident; the table is in docs/incidents.md. Pure: `now` is event time in seconds. */
export function advance(previous: Life | null, seen: Observation, now: number, policy: Policy): Advance {
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
      // What neither ends nor comes back over the threshold for so long is told: nothing waits for ever.
      if (now - life.breach_at >= policy.clear_seconds) return fire({ ...life, last_at: seen.last_at }, now);
      return { next: { ...life, last_at: seen.last_at }, emit: false, reason: 'breach_paused' };
    case 'healthy':
      return { next: null, emit: false, reason: 'breach_ended' };
    case 'no_data':
      // A breach that nothing has confirmed for so long would begin in the wrong place.
      if (now - life.last_at > policy.clear_seconds)
        return { next: null, emit: false, reason: 'breach_ended' };
      return { next: life, emit: false, reason: 'breach_paused' };
    case 'incomplete':
      break;
  }
  // This time will be evaluated when its counts are in, so it does not count as evaluated now.
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
      // A gap between evaluations is vouched for only as far as the window reaches.
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
      // With little traffic this comes and goes: it is shown with the next numbers.
      return {
        next: { ...life, held: 'no_data' },
        emit: previous.held === 'data_incomplete',
        reason: 'held',
      };
    case 'incomplete':
      break;
  }
  // As above: the time of the last evaluation stays.
  const next: Life = { ...previous, held: 'data_incomplete' };
  return { next, emit: previous.held !== 'data_incomplete', reason: 'held' };
}

function fromResolved(previous: Life, seen: Observation, now: number, policy: Policy): Advance {
  const resolvedAt = previous.resolved_at ?? previous.last_at;
  // While counts are missing, the grace time stands still: the breach that ends it may be among them.
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
