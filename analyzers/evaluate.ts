import { advanceLife, type Observation } from './incident-life.ts';
import type { CountView } from './count-view.ts';
import type { AnalyzerSettings, Judge, Known } from './detector.ts';
import { identityKey, type Names, organizationOf } from './identity.ts';
import { type LiveIncident, toKnown } from './live-incident.ts';
import { finestDimensions } from './org-counts.ts';
import { newConsequences } from './related.ts';
import { type IncidentChange, stepFindings, type Stepping } from './step-findings.ts';

export type { IncidentChange } from './step-findings.ts';

/** The incidents that are not over: pending, firing, or resolved less than `reopen_seconds` ago. Keyed by `liveKey`. */
export type Live = ReadonlyMap<string, LiveIncident>;

/** The result of one evaluation. */
export interface Evaluation {
  live: Live;
  changes: readonly IncidentChange[];
}

/**
 * The numbers of an open incident are written again at the first evaluation of each period of this many seconds. The
 * period of each incident begins at another second, so that a thousand incidents are not all written in one step.
 */
const REFRESH_SECONDS = 60;

/** What an evaluation itself needs of a reading: which organizations are coarse or left out. */
type Coverage = Partial<Pick<CountView, 'orgs' | 'left_out'>>;

/**
 * Judges a reading as of `now` (epoch seconds; for counts this is event time) and steps every incident of these kinds.
 * Pure.
 */
export function evaluate<Reading>(
  detectors: readonly Judge<Reading>[],
  reading: Reading & Coverage,
  live: Live,
  now: number,
  settings: AnalyzerSettings,
): Evaluation {
  const next = new Map(live);
  const changes: IncidentChange[] = [];
  const byKind = Map.groupBy(live, ([, { incident }]) => incident.kind);
  for (const detector of detectors) {
    const known = new Map<string, Known>();
    for (const [key, item] of byKind.get(detector.kind) ?? []) {
      // When `reopen_seconds` have passed, a breach is a new incident and is measured from its own start.
      if (isForgotten(detector, item, now, settings)) next.delete(key);
      else known.set(identityKey(item.memory.identity), toKnown(item, now));
    }
    const found = detector.detect(reading, settings, now, known);
    const stepping: Stepping = {
      kind: detector.kind,
      policy: (identity) => detector.policy(settings, identity),
      moment: ({ identity, summed_up }, previous) => ({
        now,
        refresh: isDue(identity, previous?.memory.life.evaluated_at ?? now, now),
        summed_up:
          summed_up ?? (reading.orgs?.get(windowKey(identity))?.isCoarse === true ? finestDimensions : []),
      }),
    };
    // Organizations that were not read are not judged here: `holdIncomplete` marks their incidents.
    const read = found.filter(({ identity }) => reading.left_out?.has(windowKey(identity)) !== true);
    changes.push(...stepFindings(stepping, read, live, next));
  }
  return { live: next, changes: withConsequences(next, changes, now) };
}

/** Lists consequences under their causes, in `next` too. A cause with new consequences is written at once. */
function withConsequences(
  next: Map<string, LiveIncident>,
  changes: readonly IncidentChange[],
  now: number,
): readonly IncidentChange[] {
  const written = new Map(changes.map((change) => [change.key, change]));
  for (const [key, ids] of newConsequences(next)) {
    const cause = next.get(key);
    // If the cause was not evaluated now, its version number would be that of an earlier evaluation.
    if (cause === undefined || cause.memory.life.evaluated_at !== now) continue;
    const related = [...cause.incident.related, ...ids];
    const live = { ...cause, incident: { ...cause.incident, related } };
    next.set(key, live);
    written.set(key, { key, live, reason: written.get(key)?.reason ?? 'updated' });
  }
  return [...written.values()];
}

/**
 * Marks the firing incidents (only those of `leftOut`, if given) as held, because counts up to now are missing. State
 * and times do not change.
 */
export function holdIncomplete<Reading>(
  detectors: readonly Judge<Reading>[],
  live: Live,
  now: number,
  settings: AnalyzerSettings,
  leftOut?: CountView['left_out'],
): Evaluation {
  const next = new Map(live);
  const changes: IncidentChange[] = [];
  for (const detector of detectors) {
    for (const [key, held] of live) {
      if (held.incident.kind !== detector.kind) continue;
      if (leftOut?.has(windowKey(held.memory.identity)) === false) continue;
      const { life } = held.memory;
      const seen: Observation = { level: 'incomplete', started_at: life.started_at, last_at: life.last_at };
      const step = advanceLife(life, seen, now, detector.policy(settings, held.memory.identity));
      if (step.next === null || !step.emit) continue;
      const evidence = { ...held.incident.evidence, data_incomplete: true };
      const current: LiveIncident = {
        incident: { ...held.incident, evidence },
        memory: { ...held.memory, life: step.next },
      };
      next.set(key, current);
      changes.push({ key, live: current, reason: step.reason });
    }
  }
  return { live: next, changes };
}

/** Version of the row: event time of the evaluation in ms. A row that only adds "held" comes directly after it. */
export function versionOf({ memory: { life } }: LiveIncident): number {
  return life.evaluated_at * 1000 + (life.held === 'data_incomplete' ? 1 : 0);
}

/**
 * Key under which the window holds the counts of an identity. If the identity covers several organizations, the key
 * matches none.
 */
function windowKey(identity: Names): string {
  const org = organizationOf(identity);
  return org === null ? '' : identityKey(org);
}

/** Whether a period of refreshing began after `last` (epoch seconds), up to `now`. */
function isDue(identity: Names, last: number, now: number): boolean {
  let shift = 0;
  for (const character of identityKey(identity))
    shift = (shift * 31 + (character.codePointAt(0) ?? 0)) % REFRESH_SECONDS;
  const periodOf = (time: number): number => Math.floor((time + shift) / REFRESH_SECONDS);
  return periodOf(now) > periodOf(last);
}

function isForgotten<Reading>(
  detector: Judge<Reading>,
  { memory }: LiveIncident,
  now: number,
  settings: AnalyzerSettings,
): boolean {
  const { resolved_at: resolvedAt } = memory.life;
  if (resolvedAt === null) return false;
  return now - resolvedAt > detector.policy(settings, memory.identity).reopen_seconds;
}
