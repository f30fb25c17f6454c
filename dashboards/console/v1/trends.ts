import { z } from 'zod';
import { toCsv } from '../../../domain/csv.ts';
import { errorClasses, isRequestClass } from '../../../domain/error-class.ts';
import { retentionOf } from '../../../store/queries/held-tables.ts';
import { readTrends, type TrendResult } from '../../../store/queries/trends.ts';
import { planTrends, stepStarts, type TrendPlan } from '../../../store/queries/trends-plan.ts';
import { BadParameter } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { route, type ApiRoute, TextAnswer } from './route.ts';
import {
  asked,
  dimensionsOf,
  filtersOf,
  iso,
  limit,
  moment,
  names,
  spanOf,
  time,
  where,
} from './query-parts.ts';

/** Largest number of points that one answer holds in memory. */
const MOST_POINTS = 200_000;

/** The parameters of the route. */
export const trendsQuery = z.strictObject({
  from: moment.default('now-24h'),
  to: moment.default('now'),
  by: names
    .default('class')
    .meta({ description: 'Dimensions to group by, such as class,model. `none` groups by nothing.' }),
  where,
  step: z.coerce
    .number('is not a whole number of seconds')
    .int('is not a whole number of seconds')
    .min(10, 'is below 10 seconds, the counting interval')
    .optional()
    .meta({ description: 'Seconds between two points. Absent: chosen so that there are at most 60 points.' }),
  errors_only: z.enum(['true', 'false'], 'is neither true nor false').default('false'),
  limit: limit(100, 10_000),
  format: z.enum(['json', 'csv'], 'is neither json nor csv').default('json'),
});

const point = z.strictObject({ ts: time, requests: z.number(), errors: z.number() });

/** The answer of `/api/v1/trends`. */
export const trendsAnswer = z.strictObject({
  from: time,
  to: time,
  step: z.number().meta({ description: 'Seconds.' }),
  by: z.array(z.string()),
  series: z
    .array(
      z.strictObject({
        group: z.record(z.string(), z.string()),
        title: z.string().optional().meta({ description: 'Title of the class, when the group has a class.' }),
        requests: z.number().meta({ description: 'All requests of the scope, not only failed ones.' }),
        errors: z.number(),
        share: z.number().nullable().meta({ description: 'errors / requests; null without a request.' }),
        previous_errors: z
          .number()
          .nullable()
          .meta({ description: 'Errors in the window of equal length before.' }),
        change: z.number().nullable(),
        points: z.array(point),
      }),
    )
    .meta({ description: 'Most errors first.' }),
  left_off: z.number().meta({ description: 'Groups beyond the limit.' }),
});
export type TrendsAnswer = z.infer<typeof trendsAnswer>;

/** Counts over time by any dimension. */
export function trendsRoute({ store, present, now, retention }: V1Options): ApiRoute {
  return route({
    method: 'GET',
    path: '/trends',
    summary: 'Requests and failures over time by any dimension, compared with the time before.',
    role: 'read',
    query: trendsQuery,
    answer: trendsAnswer,
    async run({ query }) {
      const { from, to } = spanOf(query.from, query.to, present());
      const range = { since: from, until: to, now: Math.floor(now() / 1_000) };
      const by = query.by === 'none' ? [] : dimensionsOf(query.by);
      const request = { ...range, by, where: filtersOf(query.where), step: query.step ?? null };
      const kept = await retentionOf(store, retention, range);
      const plan = asked(() => planTrends({ ...request, retention: kept }), 'by');
      const steps = stepStarts(plan).length;
      if (steps * query.limit > MOST_POINTS)
        throw new BadParameter(
          `limit: ${query.limit} groups of ${steps} points are over ${MOST_POINTS} points; ask for fewer groups or a longer step`,
        );
      const selection = { errorsOnly: query.errors_only === 'true', limit: query.limit };
      const result = await readTrends(store, plan, selection);
      if (query.format === 'json') return answerOf(plan, result);
      return new TextAnswer('text/csv; charset=utf-8', trendsCsv(plan, result));
    },
  });
}

function answerOf(plan: TrendPlan, { series, left_off }: TrendResult): TrendsAnswer {
  return {
    from: iso(plan.from),
    to: iso(plan.to),
    step: plan.step,
    by: [...plan.by],
    series: trendSeries(series),
    left_off,
  };
}

/** The groups as JSON shows them: times in ISO-8601, and with the title of a class. */
export function trendSeries(series: TrendResult['series']): TrendsAnswer['series'] {
  return series.map(({ points, group, ...rest }) => ({
    group: { ...group },
    ...rest,
    ...(isRequestClass(group.class ?? '') ? { title: errorClasses[group.class as 'ok'].title } : {}),
    points: points.map((one) => ({ ...one, ts: iso(one.ts) })),
  }));
}

/** One CSV row per group and step. */
export function trendsCsv({ by }: Pick<TrendPlan, 'by'>, { series }: TrendResult): string {
  const rows = series.flatMap(({ group, points }) =>
    points.map((one) => [iso(one.ts), ...by.map((name) => group[name] ?? ''), one.requests, one.errors]),
  );
  return toCsv(['ts', ...by, 'requests', 'errors'], rows);
}
