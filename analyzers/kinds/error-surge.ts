import { type ErrorClass, errorClasses } from '../../domain/error-class.ts';
import { type Incident, partyNames, type Scope } from '../../domain/incident.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { differsEvidence, differsFacts, rememberDiffers, scopeByExcess } from '../differs.ts';
import { detectorOf } from '../kind.ts';
import {
  aboveUsual,
  comparedWithUsual,
  lastAboveUsual,
  rememberUsual,
  usualEvidence,
  usualMemory,
} from '../levels/above-usual.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, largest, remedyOf, share } from '../report.ts';
import { addName, sinceStart } from '../since.ts';
import type { Matching, View } from '../view.ts';

/** The classes that no other kind is about. */
const matching: Matching = {
  classes: ['bad_request', 'not_found', 'permission_denied', 'conflict', 'unprocessable'],
  measure: 'requests',
};
const since = sinceStart(matching, ['client', 'model', 'project', 'key', 'class']);
const byExcess = scopeByExcess(matching);
/** Callers with few requests are also judged by a window that is this many times as long. */
const LONG = 5;
/** With less history than this (seconds) the usual share is unknown, so no surge is reported. */
const LEARN_SECONDS = 600;
/**
 * The usual share for the time of the week is read only if it is at least this part of the share that fires; a smaller
 * one would change nothing.
 */
const SEASON_PART = 0.1;
/**
 * If at least this share of the requests fails, the incident is critical: that part of the traffic does not work at
 * all.
 */
const CRITICAL_SHARE = 0.8;
/** The incident is about one class if that has at least this share of the failures. */
const MOST = 0.9;

/** More requests than usual fail with a class that no other kind is about. */
export const errorSurge = detectorOf({
  kind: 'error_surge',
  settings: (all: AnalyzerSettings) => all.error_surge,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => 3_600 + 2 * LONG * window_seconds,
  season: ({ share: least }) => ({ least_share: SEASON_PART * least }),
  ...aboveUsual<AnalyzerSettings['error_surge']>(matching, {
    long: LONG,
    learn_seconds: LEARN_SECONDS,
    excuses: 'all',
    spread: true,
  }),
  ...lastAboveUsual(matching),
  look(view, whole, around) {
    const { scope, ...found } = byExcess(view, whole, around);
    const cls = mostOf(view);
    return { ...found, scope: cls === null ? scope : ({ ...scope, class: cls } satisfies Scope) };
  },
  memory: since.memory.and(usualMemory).and(differsFacts),
  remember: (situation) => ({
    ...since.remember(situation),
    ...rememberUsual(situation.previous, situation.judged),
    ...rememberDiffers(situation.previous, situation.looked),
  }),
  severity: ({ memory }) => (memory.matching >= CRITICAL_SHARE * memory.requests ? 'critical' : 'warning'),
  report({ scope, memory, started_at: startedAt, now }) {
    const [cls = 'bad_request'] = largest(memory.by['class']) as ErrorClass[];
    const { title } = errorClasses[cls];
    const clients = largest(memory.by['client']);
    const models = largest(memory.by['model']);
    const failed = share(memory.matching, memory.requests);
    const usual = comparedWithUsual(memory);
    const [client] = clients;
    const first =
      client === undefined
        ? ''
        : ` Look at ${client} first${models[0] === undefined ? '' : ` (${models[0]})`}.`;
    const remedy = remedyOf(cls, [
      ...errorClasses[cls].remedy,
      `Find out what changed at ${clock(startedAt, now)}: a deployment, a model, a parameter.`,
    ]);
    return {
      summary: `${title} for ${describeScope(scope)}: ${Math.round(failed * 100)} % of the requests fail this way, ${usual}; ${count(memory.matching)} in all.`,
      verdict: {
        party: partyOf(cls),
        why: `Since ${clock(startedAt, now)} ${count(memory.matching)} of ${count(memory.requests)} requests have failed with “${title}”, ${usual}; ${retryText(cls)}.${first}`,
      },
      evidence: {
        class: cls,
        failed_requests: memory.matching,
        failed_share: failed,
        ...usualEvidence(memory),
        classes: largest(memory.by['class']),
        useless_retries: memory.useless_retries,
        affected_clients: clients,
        affected_models: models,
        affected_projects: largest(memory.by['project']),
        affected_keys: largest(memory.by['key']),
        ...differsEvidence(memory),
      },
      remedy: client === undefined ? remedy : { ...remedy, owner: `owner of ${client}` },
    };
  },
});

/** The class of nearly all failures; null when they have several. */
function mostOf(view: View): ErrorClass | null {
  const counts: Record<string, number> = {};
  let all = 0;
  for (const row of view.sums()) {
    if (row.class === 'ok' || !matching.classes.includes(row.class)) continue;
    all += row.requests;
    addName(counts, row.class, row.requests);
  }
  const [top] = largest(counts) as ErrorClass[];
  return top !== undefined && (counts[top] ?? 0) >= MOST * all ? top : null;
}

/** Whether a retry can help; the remedy of the class says when. */
function retryText(cls: ErrorClass): string {
  return errorClasses[cls].retry === 'no'
    ? 'the requests themselves are refused, so a retry fails again'
    : 'the requests collide with others, so a retry can succeed after a wait';
}

/** Who must act. When the request itself is wrong, nobody can be named. */
function partyOf(cls: ErrorClass): Incident['verdict']['party'] {
  return partyNames.find((party) => party === errorClasses[cls].fault) ?? 'unknown';
}
