import type { Incident } from '../domain/incident.ts';
import { advance, type Life, type Observation, type Reason } from './advance.ts';
import { type CountView, orgKey } from './count-view.ts';
import type { AnalyzerSettings, Detector, Finding, Known } from './detector.ts';
import { incidentId } from './incident-id.ts';
import { isoTime } from './iso-time.ts';
import { finestDimensions } from './org-counts.ts';
import { type LiveIncident, liveKey, toKnown } from './live-incident.ts';

/** The incidents that are not over: pending, firing, or resolved within the grace time; keyed by `liveKey`. */
export type Live = ReadonlyMap<string, LiveIncident>;

/** A new version of an incident to be written. */
export interface Change {
  key: string;
  live: LiveIncident;
  /** `updated`: scope or severity changed; `refreshed`: only numbers did. */
  reason: Reason | 'updated' | 'refreshed';
}

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
  for (const detector of detectors) {
    const policy = detector.policy(settings);
    for (const [key, item] of live)
      if (isForgotten(detector, item, now, policy.reopen_seconds)) next.delete(key);
    for (const finding of detector.detect(counts, settings, now, knownOf(detector, live, now, settings))) {
      const org = orgKey(finding.identity);
      // What was not read says nothing: `holdIncomplete` is for these.
      if (counts.left_out?.has(org) === true) continue;
      const key = liveKey(detector.kind, finding.identity);
      const previous = live.get(key) ?? null;
      const step = advance(previous?.memory.life ?? null, finding, now, policy);
      if (step.next === null) {
        next.delete(key);
        continue;
      }
      if (step.reason === 'already_evaluated') continue;
      const isNew = step.next.started_at !== previous?.memory.life.started_at;
      const kept = isNew ? null : previous;
      const memory = { identity: finding.identity, life: step.next, facts: finding.facts };
      // Most evaluations show nothing new, and to say it takes longer than to find it.
      if (kept !== null && !step.emit && !mayShow(kept.incident, finding, step.next, now)) {
        next.set(key, { incident: kept.incident, memory });
        continue;
      }
      const current = toLive(detector, finding, memory, kept, counts.orgs.get(org)?.isCoarse === true);
      const reason = step.emit ? step.reason : quietReason(kept?.incident ?? null, current, now);
      // What was not written is compared again next time, so the incident keeps what was last shown.
      next.set(key, reason === null && kept !== null ? { incident: kept.incident, memory } : current);
      if (reason !== null) changes.push({ key, live: current, reason });
    }
  }
  return { live: next, changes };
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
      if (leftOut?.has(orgKey(held.memory.identity)) === false) continue;
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
export function versionOf({ memory: { life } }: LiveIncident): number {
  return life.evaluated_at * 1000 + (life.held === 'data_incomplete' ? 1 : 0);
}

function knownOf(
  detector: Detector,
  live: Live,
  now: number,
  settings: AnalyzerSettings,
): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  const { reopen_seconds: grace } = detector.policy(settings);
  for (const item of live.values()) {
    if (item.incident.kind !== detector.kind) continue;
    // After the grace time a breach is a new incident and is measured afresh.
    if (!isForgotten(detector, item, now, grace)) known.set(orgKey(item.memory.identity), toKnown(item, now));
  }
  return known;
}

function isForgotten(
  detector: Detector,
  { incident, memory }: LiveIncident,
  now: number,
  grace: number,
): boolean {
  const { resolved_at: resolvedAt } = memory.life;
  return incident.kind === detector.kind && resolvedAt !== null && now - resolvedAt > grace;
}

function toLive(
  detector: Detector,
  finding: Finding,
  memory: LiveIncident['memory'],
  previous: LiveIncident | null,
  isCoarse: boolean,
): LiveIncident {
  const { life } = memory;
  const report = finding.report();
  const isOver = life.state === 'resolved' && previous?.incident.state === 'resolved';
  // After the end only the way back is followed further.
  if (isOver) return { incident: { ...previous.incident, remedy: report.remedy }, memory };
  const incident: Incident = {
    id: incidentId(detector.kind, finding.identity, life.started_at),
    kind: detector.kind,
    state: life.state,
    severity: higher(finding.severity, previous?.incident.severity),
    scope: finding.scope,
    started_at: isoTime(life.started_at),
    detected_at: isoTime(life.detected_at ?? life.breach_at),
    resolved_at: life.resolved_at === null ? null : isoTime(life.resolved_at),
    summary: report.summary,
    verdict: report.verdict,
    evidence: {
      ...report.evidence,
      ...(life.reopened === 0 ? {} : { reopened: life.reopened }),
      ...(life.held === null ? {} : { [life.held]: true }),
      ...(isCoarse ? { summed_up: [...finestDimensions] } : {}),
    },
    remedy: report.remedy,
    sample_request_ids: previous?.incident.sample_request_ids ?? [],
    related: previous?.incident.related ?? [],
  };
  return { incident, memory };
}

const severities = ['info', 'warning', 'critical'] as const;

function higher(one: Incident['severity'], other: Incident['severity'] = 'info'): Incident['severity'] {
  return severities.indexOf(one) >= severities.indexOf(other) ? one : other;
}

/** False when `quietReason` would have nothing to write, whatever the report says. */
function mayShow(shown: Incident, finding: Finding, life: Life, now: number): boolean {
  if (life.state === 'pending') return false;
  if (now % REFRESH_SECONDS === 0) return true;
  if (life.state === 'resolved') return false;
  return higher(finding.severity, shown.severity) !== shown.severity || !isEqual(shown.scope, finding.scope);
}

/** Why a version is written although the state did not change; null: it is not. */
function quietReason(
  shown: Incident | null,
  { incident }: LiveIncident,
  now: number,
): Change['reason'] | null {
  if (shown === null || incident.state === 'pending') return null;
  if (shown.severity !== incident.severity || !isEqual(shown.scope, incident.scope)) return 'updated';
  if (now % REFRESH_SECONDS !== 0) return null;
  return isEqual(shown, incident) ? null : 'refreshed';
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
