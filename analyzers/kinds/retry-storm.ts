import { errorClassNames } from '../../domain/error-class.ts';
import { detectorOf, sharedScope } from '../kind.ts';
import { shareAbove } from '../levels.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, largest, remedyOf, round, share } from '../report.ts';
import { sinceStart } from '../since.ts';
import type { Matching } from '../view.ts';

/** These classes have kinds of their own, which already advise to stop retrying. */
const owned = ['slow_down', 'quota_exceeded', 'unsupported_region'];
/** A retry counts as matching only if it fails again, because a retry that succeeds is useful. */
const matching: Matching = {
  classes: errorClassNames.filter((name) => !owned.includes(name)),
  measure: 'retries',
};
/** With at least this many attempts per request the incident is critical: half of the load or more is retries. */
const CRITICAL_AMPLIFICATION = 2;

/** A caller that sends too few requests in the window is judged by a window that is this many times as long. */
const LONG = 5;
/**
 * If at least this many different requests failed, a smaller number of failed retries is enough for a storm, because it
 * is not one bad request that is sent again and again.
 */
const DIFFERENT = 5;

/** Callers repeat failed requests again and again while these keep failing. */
export const retryStorm = detectorOf({
  kind: 'retry_storm',
  settings: (all) => all.retry_storm,
  matching,
  lookback: ({ window_seconds }) => 1_800 + LONG * window_seconds,
  ...shareAbove(matching, { long: LONG, requests: DIFFERENT }),
  look: sharedScope(matching),
  ...sinceStart(matching, ['client', 'key', 'project', 'model']),
  severity: ({ memory }) => (attempts(memory) >= CRITICAL_AMPLIFICATION ? 'critical' : 'warning'),
  report({ scope, memory, started_at: startedAt, now }) {
    const clients = largest(memory.by['client']);
    const [first] = clients;
    const useless = share(memory.useless_retries, memory.retries);
    const remedy = remedyOf('rate_limit', [
      `Back off in ${clients.slice(0, 3).join(', ') || 'the callers'}: wait twice as long after each attempt, with jitter.`,
      'Give up after two or three attempts, and limit the retries of a client to a tenth of its requests.',
      ...(memory.useless_retries > 0
        ? [`Do not retry what cannot succeed: ${count(memory.useless_retries)} retries in all were useless.`]
        : []),
      'Retry in one layer only: attempts of SDK, gateway and job queue multiply.',
    ]);
    return {
      summary: `Retry storm for ${describeScope(scope)}: each request is sent ${round(attempts(memory))} times on average; ${count(memory.matching)} retries failed.`,
      verdict: {
        party: 'traffic',
        why: `Since ${clock(startedAt, now)} failed requests have been repeated by ${clients.slice(0, 3).join(', ') || 'the callers'}: ${count(memory.matching)} of ${count(memory.requests)} requests are retries that failed again.`,
      },
      evidence: {
        attempts_per_request: round(attempts(memory)),
        requests: memory.requests,
        retries: memory.retries,
        failed_retries: memory.matching,
        failed_retry_share: share(memory.matching, memory.requests),
        useless_retries: memory.useless_retries,
        useless_share: useless,
        affected_clients: clients,
        affected_keys: largest(memory.by['key']),
        affected_projects: largest(memory.by['project']),
        affected_models: largest(memory.by['model']),
      },
      remedy: first === undefined ? remedy : { ...remedy, owner: `owner of ${first}` },
    };
  },
});

/** Attempts per request: 1 without retries. */
function attempts({ requests, retries }: { requests: number; retries: number }): number {
  return requests / Math.max(1, requests - retries);
}
