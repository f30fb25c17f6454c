import { createHash } from 'node:crypto';
import type { Incident } from '../domain/incident.ts';
import { factsOf, type IncidentKind } from '../domain/incident-kind.ts';
import { advanceLife, type Life, type Policy, type Reason } from './incident-life.ts';
import { keepByStatus } from './status-only-verdict.ts';
import type { Finding } from './detector.ts';
import { keepGateway } from './gateway-verdict.ts';
import { isoTime } from './iso-time.ts';
import type { LiveIncident } from './live-incident.ts';

/**
 * Why a version of an incident is written. `updated`: its scope or severity changed. `refreshed`: only its numbers
 * changed.
 */
export type ChangeReason = Reason | 'updated' | 'refreshed';

/** What the incidents of one kind have in common. */
export interface Subject {
  kind: IncidentKind;
  policy: Policy;
}

/** The result of a step. `next` null: the incident is forgotten. `change` null: nothing is written. */
export interface IncidentStep {
  next: LiveIncident | null;
  change: LiveIncident | null;
  reason: ChangeReason;
}

/** The moment of an evaluation. */
export interface EvaluationMoment {
  /** Epoch seconds. */
  now: number;
  /** True: a version is written even if only numbers changed. */
  refresh: boolean;
  /** Dimensions that were summed up because memory was short, so their values are unknown. */
  summed_up: readonly string[];
}

/** Moves one incident to its next state by its finding. Null when that time was evaluated before. Pure. */
export function stepIncident(
  of: Subject,
  finding: Finding,
  previous: LiveIncident | null,
  moment: EvaluationMoment,
): IncidentStep | null {
  const step = advanceLife(previous?.memory.life ?? null, finding, moment.now, of.policy);
  if (step.next === null) return { next: null, change: null, reason: step.reason };
  if (step.reason === 'already_evaluated') return null;
  const isNew = step.next.started_at !== previous?.memory.life.started_at;
  const kept = isNew ? null : previous;
  const memory = { identity: finding.identity, life: step.next, facts: finding.facts };
  // Most evaluations find nothing new, and making a report takes longer than judging. So the report is made only if
  // something may have to be written.
  if (kept !== null && !step.emit && !mayShow(kept.incident, finding, step.next, moment.refresh))
    return { next: { incident: kept.incident, memory }, change: null, reason: step.reason };
  const current = toLive(of.kind, finding, memory, kept, moment.summed_up);
  const reason = step.emit ? step.reason : quietReason(kept?.incident ?? null, current, moment.refresh);
  if (reason !== null) return { next: current, change: current, reason };
  // The memory keeps the incident as it was last written, so that the next evaluation sees what has changed since.
  const next = kept === null ? current : { ...current, incident: kept.incident };
  return { next, change: null, reason: step.reason };
}

function toLive(
  kind: IncidentKind,
  finding: Finding,
  memory: LiveIncident['memory'],
  previous: LiveIncident | null,
  summedUp: readonly string[],
): LiveIncident {
  const { life } = memory;
  const before = previous?.incident.evidence;
  const report = keepGateway(keepByStatus(kind, finding.report(), before), before);
  const remedy = { docs: `docs/${factsOf(kind).runbook}`, ...report.remedy };
  const isOver = life.state === 'resolved' && previous?.incident.state === 'resolved';
  // After the end only the remedy changes, because the steps of the recovery plan are still to come.
  if (isOver) return { incident: { ...previous.incident, remedy }, memory };
  const incident: Incident = {
    id: incidentId(kind, Object.values(finding.identity), life.started_at),
    kind,
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
      ...(summedUp.length === 0 ? {} : { summed_up: [...summedUp] }),
    },
    remedy,
    sample_request_ids: previous?.incident.sample_request_ids ?? [],
    related: previous?.incident.related ?? [],
  };
  return { incident, memory };
}

/** 16 hex digits that depend only on kind, identity and start (epoch seconds), so every analyzer makes the same id. */
function incidentId(kind: IncidentKind, identity: readonly string[], startedAt: number): string {
  const text = JSON.stringify([kind, ...identity, startedAt]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const severities = ['info', 'warning', 'critical'] as const;

function higher(one: Incident['severity'], other: Incident['severity'] = 'info'): Incident['severity'] {
  return severities.indexOf(one) >= severities.indexOf(other) ? one : other;
}

/** False when nothing would be written, whatever the report says; see `quietReason`. */
function mayShow(shown: Incident, finding: Finding, life: Life, refresh: boolean): boolean {
  if (life.state === 'pending') return false;
  if (refresh) return true;
  if (life.state === 'resolved') return false;
  return higher(finding.severity, shown.severity) !== shown.severity || !isEqual(shown.scope, finding.scope);
}

/** Why a version is written although the state of the incident did not change; null: none is written. */
function quietReason(
  shown: Incident | null,
  { incident }: { incident: Incident },
  refresh: boolean,
): ChangeReason | null {
  if (shown === null || incident.state === 'pending') return null;
  if (shown.severity !== incident.severity || !isEqual(shown.scope, incident.scope)) return 'updated';
  if (!refresh) return null;
  return isEqual(shown, incident) ? null : 'refreshed';
}

function isEqual(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
