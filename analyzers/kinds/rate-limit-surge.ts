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
import type { Matching } from '../view.ts';
import type { AnalyzerSettings } from '../detector.ts';

const matching: Matching = { classes: ['rate_limit'], measure: 'requests' };
const since = sinceStart(matching, ['client', 'key', 'project', 'model', 'subclass']);
/** If at least this share of the requests is refused, the incident is critical, because work stands still. */
const CRITICAL_SHARE = 0.5;

/** More requests than usual run into a rate limit. */
export const rateLimitSurge = detectorOf({
  kind: 'rate_limit_surge',
  settings: (all: AnalyzerSettings) => all.rate_limit_surge,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => 3_600 + 2 * window_seconds,
  ...aboveUsual<AnalyzerSettings['rate_limit_surge']>(matching, { excuses: 'all' }),
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
