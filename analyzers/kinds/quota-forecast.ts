import { z } from 'zod';
import { requestClassNames } from '../../domain/error-class.ts';
import { loudnessOf } from '../incident-life.ts';
import type { AnalyzerSettings } from '../detector.ts';
import type { Given } from '../given.ts';
import { isoTime } from '../iso-time.ts';
import { detectorOf } from '../kind.ts';
import { crossing, type CrossingLevel } from '../levels/crossing.ts';
import { describeScope, type ScopeDimension, scopeColumns } from '../narrow-scope.ts';
import { remedyOf, round } from '../report.ts';
import type { Matching, View } from '../view.ts';

type ForecastSettings = AnalyzerSettings['quota_forecast'];
type Budget = ForecastSettings['budgets'][number];

const matching: Matching = { classes: requestClassNames, measure: 'requests' };
const HOUR = 3_600;
const DAY = 24 * HOUR;
const LONGEST: Readonly<Record<Budget['period'], number>> = { day: DAY, week: 7 * DAY, month: 31 * DAY };
/**
 * The pace is measured over a whole day as soon as the counts reach back that far. Over less, a night would look as if
 * the spending had ended.
 */
const LEARN_SECONDS = DAY;

interface ForecastLevel extends CrossingLevel {
  /** The budget that gave the level; null: no budget of this organization can be judged. */
  budget: Budget | null;
}

/** If spending goes on at the present pace, a budget will be spent before its period ends. */
export const quotaForecast = detectorOf({
  kind: 'quota_forecast',
  settings: (all: AnalyzerSettings) => all.quota_forecast,
  candidates: 'traffic',
  every_seconds: 60,
  matching,
  begins_within: () => HOUR,
  reads: ({ budgets }) => ({
    by: ['project', 'client'],
    more: ['spend_usd'],
    // Without a budget in the settings nothing has to be read.
    fine: budgets.length === 0 ? 0 : 2 * HOUR,
    ...(budgets.length === 0
      ? {}
      : { hours: LEARN_SECONDS + Math.max(...budgets.map(({ period }) => LONGEST[period])) }),
  }),
  level: judge,
  start: ({ now }) => now,
  look: (_since, whole) => ({ scope: whole }),
  memory: z.object({
    budget: z.object({
      amount_usd: z.number(),
      period: z.enum(['day', 'week', 'month']),
      project: z.string().optional(),
    }),
    spent: z.number(),
    pace: z.number(),
    at: z.number().nullable(),
    earliest: z.number().nullable(),
    latest: z.number().nullable(),
    ends: z.number(),
    spenders: z.array(z.string()),
  }),
  remember({ judged, previous, view, now }) {
    const { budget, forecast } = judged;
    const known = budget ?? previous?.budget ?? null;
    if (known === null || (forecast === null && previous !== null)) return previous ?? nothing;
    const { amount_usd, period, project } = known;
    const own = ofBudget(view, known);
    const span = periodOf(period, now);
    const isSpent = forecast !== null && forecast.spent >= amount_usd;
    return {
      budget: { amount_usd, period, ...(project === undefined ? {} : { project }) },
      spent: forecast?.spent ?? 0,
      pace: forecast?.pace ?? 0,
      // A budget that is already spent keeps the time at which that was first seen.
      ...(isSpent && previous !== null && previous.at !== null
        ? { at: Math.min(previous.at, now), earliest: previous.earliest, latest: previous.latest }
        : {
            at: forecast?.at ?? null,
            earliest: forecast?.earliest ?? null,
            latest: forecast?.latest ?? null,
          }),
      ends: span.to,
      spenders: spenders(own.between(Math.max(span.from, now - DAY), now)),
    };
  },
  severity: ({ memory, now }) => (memory.at !== null && memory.at - now < 6 * HOUR ? 'critical' : 'warning'),
  report({ scope, memory }) {
    const { budget, spent, pace, at, earliest, latest, ends } = memory;
    const whose = { ...scope, ...(budget.project === undefined ? {} : { project: budget.project }) };
    const name = `${dollars(budget.amount_usd)} a ${budget.period}`;
    const isSpent = spent >= budget.amount_usd;
    const date = at === null ? 'before the period ends' : `${isSpent ? 'since' : 'at'} ${when(at)}`;
    const rest = isSpent
      ? `, so nothing is left`
      : `; at the pace of the last day (${dollars(pace)} an hour) the rest lasts until ${at === null ? 'the end' : when(at)}`;
    const [first] = memory.spenders;
    return {
      summary: `The budget of ${name} for ${describeScope(whose)} ${isSpent ? 'has been' : 'will be'} spent ${date}: ${dollars(spent)} so far, ${dollars(pace)} an hour.`,
      verdict: {
        party: 'account',
        why: `${dollars(spent)} of ${name} are spent${rest}, and the period ends at ${when(ends)}.${first === undefined ? '' : ` Most is spent by ${first}.`}`,
      },
      evidence: {
        budget_usd: budget.amount_usd,
        period: budget.period,
        spent_usd: round(spent),
        usd_per_hour: round(pace),
        ...(at === null ? {} : { spent_at: isoTime(Math.round(at)) }),
        ...(earliest === null ? {} : { earliest_at: isoTime(Math.round(earliest)) }),
        ...(latest === null ? {} : { latest_at: isoTime(Math.round(latest)) }),
        period_ends_at: isoTime(ends),
        top_spenders: memory.spenders,
      },
      remedy: remedyOf('quota_exceeded', [
        first === undefined
          ? 'See who spends most.'
          : `Ask the owner of ${first} whether this pace is intended.`,
        'Raise the limit at the provider before it is reached (then every request is refused), or the budget if it is too low.',
        'Move what can wait to the Batch API or to a cheaper model.',
      ]),
    };
  },
});

const nothing = {
  budget: { amount_usd: 0, period: 'day' as const },
  spent: 0,
  pace: 0,
  at: null,
  earliest: null,
  latest: null,
  ends: 0,
  spenders: [],
};

/** Picks the budget with the strongest level; among equal levels, the one that will be spent first. */
function judge(given: Given<ForecastSettings>): ForecastLevel {
  const { identity, settings } = given;
  const own = settings.budgets.filter(
    ({ provider, org }) =>
      (provider ?? identity['provider']) === identity['provider'] &&
      (org ?? identity['org']) === identity['org'],
  );
  let found: ForecastLevel = { level: 'no_data', forecast: null, budget: null };
  for (const budget of own) {
    const rule = crossing<ForecastSettings>({
      amount: spentIn,
      limit: () => budget.amount_usd,
      period: (_settings, now) => periodOf(budget.period, now),
      learn: () => LEARN_SECONDS,
    });
    const judged = rule.level({ ...given, view: ofBudget(given.view, budget) });
    const isSooner =
      timeLeft(judged.forecast, budget, given.now) < timeLeft(found.forecast, found.budget, given.now);
    const rank = loudnessOf(judged.level) - loudnessOf(found.level);
    if (rank > 0 || (rank === 0 && isSooner)) found = { ...judged, budget };
  }
  return found;
}

/**
 * Seconds until the budget is spent. 0 or less when it is already spent: the more it is overdrawn, the lower the
 * number.
 */
function timeLeft(forecast: CrossingLevel['forecast'], budget: Budget | null, now: number): number {
  if (forecast === null || budget === null || forecast.at === null) return Infinity;
  return forecast.at > now ? forecast.at - now : 1 - forecast.spent / budget.amount_usd;
}

function ofBudget(view: View, { project }: Pick<Budget, 'project'>): View {
  return project === undefined ? view : view.within({ project });
}

function spentIn(view: View): number {
  return view.values('spend_usd').reduce((sum, { value }) => sum + value, 0);
}

/** The period that contains `now`: days, weeks from Monday and calendar months in UTC; epoch seconds. */
function periodOf(period: Budget['period'], now: number): { from: number; to: number } {
  const day = Math.floor(now / DAY) * DAY;
  if (period === 'day') return { from: day, to: day + DAY };
  if (period === 'week') {
    const from = day - ((day / DAY + 3) % 7) * DAY;
    return { from, to: from + 7 * DAY };
  }
  const date = new Date(now * 1000);
  const first = (months: number): number =>
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / 1000;
  return { from: first(0), to: first(1) };
}

/** The clients that spent most, or projects when no client is named; at most five. */
function spenders(view: View): string[] {
  const of = (dimension: ScopeDimension): [string, number][] => {
    const names = new Set(view.combinations.map((one) => one[scopeColumns[dimension]]).filter(Boolean));
    return [...names].map((name) => [name, spentIn(view.within({ [dimension]: name }))]);
  };
  const clients = of('client');
  return (clients.length > 0 ? clients : of('project'))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 5)
    .map(([name, spent]) => `${name} ${dollars(spent)}`);
}

function dollars(amount: number): string {
  return `$${amount >= 100 ? Math.round(amount) : Math.round(amount * 100) / 100}`;
}

function when(seconds: number): string {
  return `${isoTime(Math.round(seconds)).slice(0, 16).replace('T', ' ')} UTC`;
}
