import { differsEvidence, differsFacts, rememberDiffers, scopeByExcess } from '../differs.ts';
import { detectorOf } from '../kind.ts';
import {
  aboveUsual,
  comparedWithUsual,
  rememberUsual,
  usualEvidence,
  usualMemory,
} from '../levels/above-usual.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, largest, remedyOf, share } from '../report.ts';
import { sinceStart } from '../since.ts';
import type { Part } from '../levels.ts';
import type { Matching, View } from '../view.ts';
import type { AnalyzerSettings } from '../detector.ts';

const matching: Matching = { classes: ['rate_limit'], measure: 'requests' };
const since = sinceStart(matching, ['client', 'key', 'project', 'model', 'subclass']);
/** If at least this share of the requests is refused, the incident is critical, because work stands still. */
const CRITICAL_SHARE = 0.5;
/** A caller that sends too few requests in the window is also judged by a window that is this many times as long. */
const LONG = 5;
/** In the long window, this part of `count` refusals is enough. */
const SMALL_COUNT = 0.5;
/** With so many requests in the long window a caller is not small: the window itself shows its refusals. */
const MOST_REQUESTS = 100;
/** Most requests of a small caller must be refused, because among few requests a share alone proves little. */
const SMALL_SHARE = 0.5;
/**
 * At least this many different requests must be refused. The refusals of fewer requests may all be one request with its
 * retries.
 */
const DIFFERENT = 3;

/** More requests than usual run into a rate limit. */
export const rateLimitSurge = detectorOf({
  kind: 'rate_limit_surge',
  settings: (all: AnalyzerSettings) => all.rate_limit_surge,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => 3_600 + 2 * LONG * window_seconds,
  ...aboveUsual<AnalyzerSettings['rate_limit_surge']>(matching, {
    excuses: 'all',
    long: LONG,
    small: { count: SMALL_COUNT, are: isSmall },
  }),
  look: scopeByExcess(matching),
  memory: since.memory.and(usualMemory).and(differsFacts),
  remember: (situation) => ({
    ...since.remember(situation),
    ...rememberUsual(situation.previous, situation.judged),
    ...rememberDiffers(situation.previous, situation.looked),
  }),
  severity: ({ memory }) => (memory.matching >= CRITICAL_SHARE * memory.requests ? 'critical' : 'warning'),
  report({ scope, memory, started_at: startedAt, now }) {
    const clients = largest(memory.by['client']);
    const limits = largest(memory.by['subclass']);
    const [limit] = limits;
    const which = limit === undefined ? 'a rate limit' : `the limit of ${limit.replaceAll('_', ' ')}`;
    const refused = share(memory.matching, memory.requests);
    const [first] = clients;
    const remedy = remedyOf('rate_limit', [
      'Wait as long as retry-after says, then retry with growing pauses and jitter.',
      first === undefined
        ? 'Limit the requests and tokens that your callers send, so that they stay under the limit.'
        : `Slow ${clients.slice(0, 3).join(', ')} down to under the limit; move work that can wait to the Batch API.`,
      ...(limit?.startsWith('tokens') === true
        ? ['Shorten prompts and lower max_tokens: both count against the limit of tokens, used or not.']
        : []),
      'If you need this rate, ask for a higher limit or spread the load over projects and models.',
    ]);
    return {
      summary: `Rate limits for ${describeScope(scope)}: ${Math.round(refused * 100)} % of the requests run into ${which}; ${count(memory.matching)} were refused.`,
      verdict: {
        party: 'traffic',
        why: `Since ${clock(startedAt, now)} ${count(memory.matching)} of ${count(memory.requests)} requests have run into ${which}, ${comparedWithUsual(memory)}: the callers send more than the limit allows.`,
      },
      evidence: {
        refused_requests: memory.matching,
        refused_share: refused,
        ...usualEvidence(memory),
        limits,
        useless_retries: memory.useless_retries,
        retries: memory.retries,
        affected_clients: clients,
        affected_keys: largest(memory.by['key']),
        affected_projects: largest(memory.by['project']),
        affected_models: largest(memory.by['model']),
        ...differsEvidence(memory),
      },
      remedy: first === undefined ? remedy : { ...remedy, owner: `owner of ${first}` },
    };
  },
});

/**
 * True for a caller with few requests, most of them refused. For a breach the refusals must also belong to several
 * different requests, and spread over at least half of the window.
 */
function isSmall(
  part: Part,
  view: View,
  window: { from: number; to: number },
  level: 'breach' | 'lingering',
): boolean {
  const share = level === 'breach' ? SMALL_SHARE : SMALL_SHARE / 2;
  if (part.requests >= MOST_REQUESTS || part.matching < share * part.requests) return false;
  if (level === 'lingering') return true;
  if (part.first_attempts < DIFFERENT) return false;
  const own = view.between(window.from, window.to).where(part.contains).intervals(matching);
  const refused = own.filter((interval) => interval.matching > 0);
  return (refused.at(-1)?.ts ?? 0) - (refused[0]?.ts ?? 0) >= (window.to - window.from) / 2;
}
