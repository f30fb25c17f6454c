import type { Incident } from '../../../domain/incident.ts';
import type { AnalyzerSettings, Report } from '../../detector.ts';
import { isoTime } from '../../iso-time.ts';
import type { Remembered } from '../../kind.ts';
import { describeScope } from '../../narrow-scope.ts';
import { recoveryPlan } from '../../recovery-plan.ts';
import { capital, clock, count, remedyOf, round, share } from '../../report.ts';
import { growthRatio, hasGrown, tokenGrowth } from './growth.ts';
import type { Growth, Present, SurgeMemory } from './surge-memory.ts';

/** If at least this share of the requests is refused, the surge is critical. */
const CRITICAL_SHARE = 0.1;
/** The provider's rule of thumb for growth applies to at least this many input tokens per minute. */
const RAMP_RULE_TOKENS = 1_000_000;
const MAX_NAMES = 10;
/** In this many seconds after its start, the growth behind a surge may not show yet, so the verdict names nobody. */
const TOO_EARLY_SECONDS = 120;

type SurgeSettings = AnalyzerSettings['slow_down_surge'];

type SurgeReportInput = Pick<
  Remembered<SurgeSettings, SurgeMemory, unknown>,
  'scope' | 'memory' | 'started_at' | 'settings' | 'now'
> & {
  present: Present;
};

/** The severity at present. */
export function surgeSeverity({ share: present }: Present): Incident['severity'] {
  return present >= CRITICAL_SHARE ? 'critical' : 'warning';
}

/** The report about a Slow Down surge: evidence, party, and the recovery plan. Pure. */
export function surgeReport(surge: SurgeReportInput): Report {
  const { memory: facts, settings } = surge;
  const { hold_minutes: holdMinutes, step } = settings;
  const plan = recoveryPlan({
    asked_at: facts.asked_at,
    original: facts.original_rate,
    wanted: facts.peak_rate,
    hold_from: facts.hold_from,
    hold_seconds: holdMinutes * 60,
    step,
  });
  return {
    summary: summary(surge),
    verdict: verdict(surge),
    evidence: evidence(surge),
    remedy: {
      ...remedyOf('slow_down', steps(surge, plan.hold_until)),
      ...(facts.top_client === null ? {} : { owner: `owner of ${facts.top_client.name}` }),
      hold_until: plan.hold_until,
      plan: plan.plan,
    },
  };
}

function summary(surge: SurgeReportInput): string {
  const { memory: facts, present, scope, settings } = surge;
  if (!facts.original_is_estimate && !hasGrown(facts, settings.window_seconds))
    return `Slow Down for ${describeScope(scope)}: ${count(facts.slow_downs)} of ${count(facts.requests)} requests were refused, ${isTooEarly(surge) ? 'and traffic has not grown yet' : 'although traffic had not grown'} (usually ${rate(facts.original_rate)} requests/min, at most ${rate(facts.peak_rate)} without retries).`;
  const original = `${facts.original_is_estimate ? 'about ' : ''}${rate(facts.original_rate)}`;
  const back =
    facts.back_at === null ? `with retries it is now ${rate(present.rate)}` : 'the rate has come back';
  return `Slow Down for ${describeScope(scope)}: the rate rose from ${original} to ${rate(facts.peak_rate)} requests/min (${times(growthRatio(facts))}), ${back}; ${count(facts.slow_downs)} requests were refused.`;
}

function verdict({ memory: facts, scope, started_at, settings, now }: SurgeReportInput): Incident['verdict'] {
  const who = facts.rate_of === 'organization' ? 'The organization' : capital(describeScope(scope));
  const span = `${clock(facts.ramp_started_at, now)} and the first Slow Down came at ${clock(started_at, now)}`;
  if (facts.original_is_estimate) {
    return {
      party: 'traffic',
      why: `${who} sent up to ${rate(facts.peak_rate)} requests/min when Slow Down came. The counts do not reach back before the rise, so half of that is assumed as the original rate.`,
    };
  }
  if (hasGrown(facts, settings.window_seconds)) {
    const top = [facts.top_client, facts.top_model].flatMap((item) => (item === null ? [] : [item.name]));
    const driver = top.length === 0 ? '' : ` Most of the growth came from ${top.join(' on ')}.`;
    const more = tokenGrowth(facts);
    const tokens = more > growthRatio(facts) ? ` (input tokens ${times(more)})` : '';
    return {
      party: 'traffic',
      why: `${who} went from ${rate(facts.original_rate)} to ${rate(facts.peak_rate)} requests/min${tokens}; the rise began at ${span}.${driver}`,
    };
  }
  if (isTooEarly({ now, started_at }))
    return {
      party: 'unknown',
      why: `It is too early to say who must act: Slow Down began at ${clock(started_at, now)}, and growth may show within ${TOO_EARLY_SECONDS / 60} minutes. ${who}: usually ${rate(facts.original_rate)}, so far at most ${rate(facts.peak_rate)} requests/min. If traffic does not grow, the provider is short of capacity.`,
    };
  return {
    party: 'provider',
    why: `${who} had not grown before the first Slow Down at ${clock(started_at, now)}: usually ${rate(facts.original_rate)}, at most ${rate(facts.peak_rate)} requests/min. Without growth, Slow Down means that the provider is short of capacity.`,
  };
}

function isTooEarly({ now, started_at }: Pick<SurgeReportInput, 'now' | 'started_at'>): boolean {
  return now - started_at < TOO_EARLY_SECONDS;
}

function evidence({ memory: facts, present }: SurgeReportInput): Incident['evidence'] {
  return {
    original_requests_per_minute: round(facts.original_rate),
    original_is_estimate: facts.original_is_estimate,
    present_requests_per_minute: round(present.rate),
    peak_requests_per_minute: round(facts.peak_rate),
    growth_ratio: round(growthRatio(facts)),
    rate_of: facts.rate_of,
    slow_down_count: facts.slow_downs,
    slow_down_share: share(facts.slow_downs, facts.requests),
    present_slow_down_share: share(present.share, 1),
    ...(facts.background_is_assumed ? {} : { usual_slow_down_share: share(facts.background, 1) }),
    input_tokens_per_minute_before: Math.round(facts.original_input_tokens),
    input_tokens_per_minute: Math.round(present.input_tokens),
    peak_input_tokens_per_minute: Math.round(facts.peak_input_tokens),
    ramp_started_at: isoTime(facts.ramp_started_at),
    growth_unit: `${facts.growth_unit}_per_minute`,
    ...grown('client', facts.top_client),
    ...grown('key', facts.top_key),
    ...grown('model', facts.top_model),
    ...grown('project', facts.top_project),
    clients_comply: facts.back_at !== null,
    clients_over_rate: present.over
      .slice(0, MAX_NAMES)
      .map((over) => `${over.client}: ${rate(over.rate)}/min, original ${rate(over.original)}`),
    ...(facts.back_at === null ? {} : { rate_back_at: isoTime(facts.back_at) }),
  };
}

function steps({ memory: facts, present, settings, now }: SurgeReportInput, holdUntil: string): string[] {
  const { hold_minutes: minutes, step } = settings;
  const original = rate(Math.max(1, facts.original_rate));
  const back =
    facts.back_at === null
      ? `Go back to ${original} requests/min now (at present ${rate(present.rate)} with retries), and wait as long as retry-after says.`
      : `The rate has come back (original: ${original} requests/min): do not raise it yet.`;
  const list = [
    back,
    `Hold this rate until ${clock(Date.parse(holdUntil) / 1000, now)}: ${minutes} minutes from ${clock(facts.hold_from, now)}, the time of the last Slow Down answer or of the last rate that was too high, whichever is later. Each new one starts the ${minutes} minutes again, also after the incident has ended.`,
    `Then raise it every ${minutes} minutes by at most ${Math.round(step * 100)} %, up to ${rate(facts.peak_rate)} requests/min.`,
  ];
  if (present.over.length > 0)
    list.push(
      `Still above their original rate: ${present.over
        .slice(0, 3)
        .map((over) => over.client)
        .join(', ')}.`,
    );
  if (facts.peak_input_tokens >= RAMP_RULE_TOKENS) {
    list.push(
      'Above 1 million input tokens per minute, growth of more than 50 % in 15 minutes is refused again.',
    );
  }
  list.push('If it recurs, keep traffic steady, spread batch jobs over time, or buy Scale Tier.');
  return list;
}

function grown(what: string, growth: Growth): Incident['evidence'] {
  return growth === null
    ? {}
    : { [`top_${what}`]: growth.name, [`top_${what}_growth`]: round(growth.now - growth.before) };
}

/** Formats a rate for people; from ten on as a whole number. */
function rate(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(round(value));
}

function times(ratio: number): string {
  return `${round(ratio)}×`;
}
