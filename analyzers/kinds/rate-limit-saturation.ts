import { z } from 'zod';
import { requestClassNames } from '../../domain/error-class.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { growthBy } from '../growth-by.ts';
import { detectorOf } from '../kind.ts';
import { headerLimits, headroom } from '../levels/headroom.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, remedyOf, round, share } from '../report.ts';
import type { Matching } from '../view.ts';

type SaturationSettings = AnalyzerSettings['rate_limit_saturation'];

/** The warning comes before anything is refused, so all requests count as matching. */
const matching: Matching = { classes: requestClassNames, measure: 'requests' };
/** A limit per minute is full again after this many seconds without requests. */
const RESET_SECONDS = 60;
/** Callers are advised to stay below this part of the limit. */
const SAFE_SHARE = 0.9;
/** The callers that grew are found by comparison with this many seconds before the start. */
const BEFORE_SECONDS = 900;

/** Rate-limit headers report that the limit of a model is nearly used up: the next requests will be refused. */
export const rateLimitSaturation = detectorOf({
  kind: 'rate_limit_saturation',
  settings: (all: AnalyzerSettings) => all.rate_limit_saturation,
  // Nothing has to fail: providers count all requests and tokens of an organization and model.
  candidates: 'traffic',
  needs: headerLimits.map(({ remaining }) => remaining),
  matching,
  reads: ({ window_seconds }) => ({
    // Together with the identity, these are the dimensions of slow_down_risk, so that both kinds share one reading.
    by: ['client', 'project'],
    more: ['remaining_requests', 'limit_requests', 'remaining_tokens', 'limit_tokens'],
    fine: BEFORE_SECONDS + 2 * window_seconds,
  }),
  ...headroom<SaturationSettings>({
    limits: headerLimits,
    share: ({ left_share: left }) => left,
    reset: () => 2 * RESET_SECONDS,
  }),
  look: (_since, whole) => ({ scope: whole }),
  memory: z.object({
    limit: z.string(),
    allowed: z.number(),
    least_left: z.number(),
    seconds_to_zero: z.number().nullable(),
    refused: z.number(),
    drivers: z.array(z.object({ name: z.string(), before: z.number(), now: z.number() })),
    rate: z.number(),
  }),
  remember({ previous, judged, view, now, started_at: startedAt, settings, last }) {
    const { window_seconds: window } = settings;
    const present = last(window);
    const requests = present.sums().reduce((sum, row) => sum + row.requests, 0);
    const refused = view
      .between(startedAt, now)
      .sums()
      .reduce((sum, row) => sum + (row.class === 'rate_limit' ? row.requests : 0), 0);
    // The report names the limit that came nearest to being used up since the start, even if another limit is nearer
    // now.
    const isNearest = judged.limit !== null && judged.left <= (previous?.least_left ?? 1);
    const seen = {
      limit: isNearest ? (judged.limit?.name ?? '') : (previous?.limit ?? ''),
      allowed: isNearest ? judged.allowed : (previous?.allowed ?? 0),
      least_left: Math.min(judged.left, previous?.least_left ?? 1),
      seconds_to_zero: judged.seconds_to_zero,
      refused: Math.max(refused, previous?.refused ?? 0),
      rate: (requests * 60) / window,
    };
    if (previous !== null) return { ...seen, drivers: previous.drivers };
    const to = startedAt - window;
    const from = Math.max(startedAt - BEFORE_SECONDS, view.first() ?? startedAt);
    const windows = Math.max(1, (to - from) / window);
    const grown = growthBy('client', (row) => row.requests, {
      before: view.between(from, to),
      now: present,
      seconds: window,
    });
    const drivers = grown.map((one) => ({ ...one, before: one.before / windows }));
    drivers.sort((a, b) => b.now - b.before - (a.now - a.before));
    return { ...seen, drivers: drivers.slice(0, 5) };
  },
  severity: ({ memory }) => (memory.refused > 0 ? 'critical' : 'warning'),
  report({ scope, memory, started_at: startedAt, now }) {
    const { limit, allowed, seconds_to_zero: seconds, drivers, refused } = memory;
    const left = Math.round(memory.least_left * 100);
    const safe = Math.floor(allowed * SAFE_SHARE);
    const top = drivers[0];
    const who =
      top === undefined
        ? ''
        : ` Most of the growth came from ${top.name}: ${round(top.before)} to ${round(top.now)} requests/min.`;
    const when =
      refused > 0
        ? `${count(refused)} requests were already refused`
        : seconds === null
          ? 'the next burst will be refused'
          : `at this rate requests will be refused in ${Math.round(seconds)} s`;
    const remedy = remedyOf('rate_limit', [
      limit === 'tokens'
        ? `Stay under ${count(safe)} tokens/min for this model: shorten prompts, lower max_tokens, or send less.`
        : `Stay under ${count(safe)} requests/min for this model.`,
      top === undefined
        ? 'Find the client that sends most, and slow it down first.'
        : `Slow ${top.name} down first.`,
      'Move work that can wait to the Batch API, which has limits of its own.',
      'If you need this rate, ask for a higher limit before it is reached.',
    ]);
    return {
      summary: `Limit of ${limit} nearly used up for ${describeScope(scope)}: only ${left} % of ${count(allowed)} a minute was left; ${when}.`,
      verdict: {
        party: 'traffic',
        why: `The rate-limit headers have shown as little as ${left} % left of ${count(allowed)} ${limit} a minute since ${clock(startedAt, now)}.${who}`,
      },
      evidence: {
        limit,
        limit_per_minute: allowed,
        least_left_share: share(memory.least_left, 1),
        ...(seconds === null ? {} : { seconds_to_zero: Math.round(seconds) }),
        safe_per_minute: safe,
        present_requests_per_minute: round(memory.rate),
        refused_requests: refused,
        drivers: drivers.map((one) => `${one.name}: ${round(one.before)} to ${round(one.now)}/min`),
      },
      remedy: top === undefined ? remedy : { ...remedy, owner: `owner of ${top.name}` },
    };
  },
});
