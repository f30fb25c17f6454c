import type { Incident } from '../domain/incident.ts';
import type { Report } from './detector.ts';

/** Failures of an incident, and how many of them were judged by their HTTP status alone. */
export interface StatusAnswers {
  failures: number;
  by_status: number;
}

/** If more than this share of the failures was judged by the status alone, the verdict says so. */
const MOST = 0.5;

const remedyStep =
  'Log the body of refused answers (docs/errors/rate_limit.md#without-a-body): only the body shows whether it is a rate limit (wait), an exhausted quota (pay) or Slow Down (return to the original rate).';

/**
 * Adds a warning to a rate-limit surge if most of its failures were judged by the status 429 alone: an exhausted quota
 * and Slow Down have the same status. Other kinds need no warning, because their status is clear enough. Pure.
 */
export function warnByStatus(incident: Incident, { failures, by_status: bare }: StatusAnswers): Incident {
  if (incident.kind !== 'rate_limit_surge' || bare <= MOST * failures) return incident;
  return { ...incident, ...withoutBody(incident, bare, failures) };
}

/**
 * Repeats the warning of `warnByStatus` in a later report of the same incident. `before` is the evidence of the
 * version before. Pure.
 */
export function keepByStatus(
  kind: Incident['kind'],
  report: Report,
  before: Incident['evidence'] | undefined,
): Report {
  const { without_body: bare, looked_at: of } = before ?? {};
  if (kind !== 'rate_limit_surge' || typeof bare !== 'number' || typeof of !== 'number') return report;
  return report.evidence['without_body'] === undefined ? withoutBody(report, bare, of) : report;
}

function withoutBody<R extends Report>(report: R, bare: number, of: number): R {
  return {
    ...report,
    verdict: {
      ...report.verdict,
      why: `${report.verdict.why} It may also be an exhausted quota or Slow Down: when this was found, ${bare} of ${of} answers with 429 had no body that says why, and the status alone does not say which of the three it is.`,
    },
    evidence: { ...report.evidence, without_body: bare, looked_at: of },
    remedy: { ...report.remedy, steps: [remedyStep, ...report.remedy.steps] },
  };
}
