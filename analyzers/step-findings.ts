import type { Policy } from './incident-life.ts';
import type { Finding } from './detector.ts';
import type { Names } from './identity.ts';
import { type LiveIncident, liveKey } from './live-incident.ts';
import { type ChangeReason, type EvaluationMoment, stepIncident } from './step-incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';

/** A new version of an incident to be written. */
export interface IncidentChange {
  key: string;
  live: LiveIncident;
  reason: ChangeReason;
}

/** What is needed to step the incidents of one kind. */
export interface Stepping {
  kind: IncidentKind;
  policy(identity: Names): Policy;
  moment(finding: Finding, previous: LiveIncident | null): EvaluationMoment;
}

/**
 * Moves each incident to its next state by its finding. `live`, keyed by `liveKey`, holds the incidents before the
 * step; `next` receives the incidents after the step. Returns what must be written, in the order of the findings.
 */
export function stepFindings(
  { kind, policy, moment }: Stepping,
  findings: readonly Finding[],
  live: ReadonlyMap<string, LiveIncident>,
  next: Map<string, LiveIncident>,
): IncidentChange[] {
  return findings.flatMap((finding) => {
    const key = liveKey(kind, finding.identity);
    const previous = live.get(key) ?? null;
    const of = { kind, policy: policy(finding.identity) };
    const step = stepIncident(of, finding, previous, moment(finding, previous));
    if (step === null) return [];
    if (step.next === null) next.delete(key);
    else next.set(key, step.next);
    return step.change === null ? [] : [{ key, live: step.change, reason: step.reason }];
  });
}
