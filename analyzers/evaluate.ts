import { advance, type Observation } from './advance.ts';
import type { CountView } from './count-view.ts';
import type { AnalyzerSettings, Detector, Known } from './detector.ts';
import { identityKey, type Names, organizationOf } from './identity.ts';
import { type LiveIncident, toKnown } from './live-incident.ts';
import { finestDimensions } from './org-counts.ts';
import { newConsequences } from './related.ts';
import { type Change, stepFindings } from './step-findings.ts';

export type { Change } from './step-findings.ts';

/** The incidents that are not over: pending, firing, or resolved within the grace time; keyed by `liveKey`. */
export type Live = ReadonlyMap<string, LiveIncident>;

/** What one evaluation leads to. */
export interface Evaluation {
  live: Live;
  changes: readonly Change[];
}

/** Numbers of an open incident are written again so often, at whole multiples, seconds. */
const REFRESH_SECONDS = 60;

/** Judges the counts before `now` (epoch seconds of event time) and steps every incident. Pure. */
export function evaluate(
  detectors: readonly Detector[],
  counts: CountView,
  live: Live,
  now: number,
  settings: AnalyzerSettings,
): Evaluation {
  const next = new Map(live);
  const changes: Change[] = [];
  const byKind = Map.groupBy(live, ([, { incident }]) => incident.kind);
  for (const detector of detectors) {
    const policy = detector.policy(settings);
    const known = new Map<string, Known>();
    for (const [key, item] of byKind.get(detector.kind) ?? []) {
      // After the grace time a breach is a new incident and is measured afresh.
      if (isForgotten(item, now, policy.reopen_seconds)) next.delete(key);
      else known.set(identityKey(item.memory.identity), toKnown(item, now));
    }
    const found = detector.detect(counts, settings, now, known);
    const stepping = {
      kind: detector.kind,
      policy: () => policy,
      moment: ({ identity, summed_up }: { identity: Names; summed_up?: readonly string[] }) => ({
        now,
        refresh: now % REFRESH_SECONDS === 0,
        summed_up:
          summed_up ?? (counts.orgs.get(windowKey(identity))?.isCoarse === true ? finestDimensions : []),
      }),
    };
    // What was not read says nothing: `holdIncomplete` is for these.
    const read = found.filter(({ identity }) => counts.left_out?.has(windowKey(identity)) !== true);
    changes.push(...stepFindings(stepping, read, live, next));
  }
  return { live: next, changes: withConsequences(next, changes, now) };
}

/** Lists consequences under their causes, in `next` too: a cause that gets new ones is written at once. */
function withConsequences(
  next: Map<string, LiveIncident>,
  changes: readonly Change[],
  now: number,
): readonly Change[] {
  const written = new Map(changes.map((change) => [change.key, change]));
  for (const [key, ids] of newConsequences(next)) {
    const cause = next.get(key);
    // A version of a cause that was not evaluated now would be that of an earlier evaluation.
    if (cause === undefined || cause.memory.life.evaluated_at !== now) continue;
    const related = [...cause.incident.related, ...ids];
    const live = { ...cause, incident: { ...cause.incident, related } };
    next.set(key, live);
    written.set(key, { key, live, reason: written.get(key)?.reason ?? 'updated' });
  }
  return [...written.values()];
}

/**
 * Marks the firing incidents, or those of the organizations that were left out, as held because counts up to now are
 * missing. State and times stay as they are.
 */
export function holdIncomplete(
  detectors: readonly Detector[],
  live: Live,
  now: number,
  settings: AnalyzerSettings,
  leftOut?: CountView['left_out'],
): Evaluation {
  const next = new Map(live);
  const changes: Change[] = [];
  for (const detector of detectors) {
    for (const [key, held] of live) {
      if (held.incident.kind !== detector.kind) continue;
      if (leftOut?.has(windowKey(held.memory.identity)) === false) continue;
      const { life } = held.memory;
      const seen: Observation = { level: 'incomplete', started_at: life.started_at, last_at: life.last_at };
      const step = advance(life, seen, now, detector.policy(settings));
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

/** Version of the row: event time in ms of the evaluation; a row that only says "held" comes right after it. */
export function versionOf<I>({ memory: { life } }: LiveIncident<I>): number {
  return life.evaluated_at * 1000 + (life.held === 'data_incomplete' ? 1 : 0);
}

/** Key of the counts of an identity in the window; one that no organization has where it is of several. */
function windowKey(identity: Names): string {
  const org = organizationOf(identity);
  return org === null ? '' : identityKey(org);
}

function isForgotten({ memory }: LiveIncident, now: number, grace: number): boolean {
  const { resolved_at: resolvedAt } = memory.life;
  return resolvedAt !== null && now - resolvedAt > grace;
}
