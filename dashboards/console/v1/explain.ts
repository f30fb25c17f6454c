import { z } from 'zod';
import { type CallerDimension, COUNT_INTERVAL_SECONDS } from '../../../domain/count-row.ts';
import type { TimeSpan } from '../../../domain/time-span.ts';
import { usualTimeOf } from '../../../domain/usual-time.ts';
import { isRequestClass, type RequestClass, requestClassNames } from '../../../domain/error-class.ts';
import { retentionOf } from '../../../store/queries/held-tables.ts';
import { planExplainSums } from '../../../store/queries/explain-sums.ts';
import { BadParameter } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { MOST_COMBINATIONS, readExplanation, type ExplainedSpan } from './read-explanation.ts';
import { route, type ApiRoute } from './route.ts';
import {
  asked,
  filtersOf,
  iso,
  limit,
  moment,
  names,
  namesOf,
  secondsOf,
  spanOf,
  time,
  where,
} from './query-parts.ts';

/** The parameters of the route. */
export const explainQuery = z.strictObject({
  from: moment.default('now-15m'),
  to: moment.default('now'),
  against_from: moment
    .optional()
    .meta({ description: 'Absent: the time before, as long as the span, at least an hour.' }),
  against_to: moment.optional(),
  class: names.default('').meta({ description: 'Classes that count as failures. Absent: all but ok.' }),
  by: names.default('').meta({ description: 'Dimensions to compare. Absent: all.' }),
  where,
  limit: limit(10, 100),
});

const span = z.strictObject({ from: time, to: time });
const sums = {
  requests: z.number(),
  failures: z.number(),
  expected: z
    .number()
    .meta({ description: 'Failures that these requests would have at the usual rate of this scope.' }),
  excess: z.number().meta({ description: 'failures - expected' }),
};

/** The answer of `/api/v1/explain`, and what `faultline explain --json` prints. */
export const explainAnswer = z.strictObject({
  window: span,
  against: span,
  compared: z.boolean().meta({
    description: 'false: nothing is counted in `against`, so `expected` and `excess` say nothing.',
  }),
  notes: z
    .array(z.strictObject({ text: z.string(), incident: z.string().nullable() }))
    .meta({ description: 'What to know about the comparison, such as an incident that overlaps `against`.' }),
  total: z.strictObject(sums),
  scopes: z
    .array(
      z.strictObject({
        scope: z.record(z.string(), z.string()).meta({ description: 'Keys as in incidents.' }),
        ...sums,
        share: z.number().nullable().meta({ description: 'Part of the excess of all traffic.' }),
      }),
    )
    .meta({ description: 'Best explanation first.' }),
});
export type ExplainAnswer = z.infer<typeof explainAnswer>;

/** Explains what differs between a span and what was usual. */
export function explainRoute({ store, present, now, retention, explain }: V1Options): ApiRoute {
  return route({
    method: 'GET',
    path: '/explain',
    summary: 'Which part of the traffic fails more in a span than before.',
    role: 'read',
    query: explainQuery,
    answer: explainAnswer,
    async run({ query }) {
      const clock = Math.floor(now() / 1_000);
      const window = whole(spanOf(query.from, query.to, present()), clock);
      const against = againstOf(query, window, present());
      const usual = against ?? usualTimeOf(window);
      const both = { since: Math.min(window.from, usual.from), until: Math.max(window.to, usual.to) };
      const kept = await retentionOf(store, retention, { ...both, now: clock });
      const question = {
        by: query.by === '' ? null : namesOf(query.by),
        where: filtersOf(query.where),
        classes: classesOf(query.class),
        window,
        against,
        now: clock,
        retention: kept,
      };
      const plan = asked(() => planExplainSums(question), 'by');
      const found = await readExplanation(store, plan, explain);
      if (found === null)
        throw new BadParameter(
          `by: there are over ${MOST_COMBINATIONS} combinations of ${plan.by.join(', ')}: name fewer, or a part of the traffic with where`,
        );
      return explainedAnswer({ ...found, scopes: found.scopes.slice(0, query.limit) });
    },
  });
}

/**
 * Cuts off the last interval while it is still being counted. If the interval is over by the clock, the span stays
 * unchanged.
 */
function whole({ from, to }: TimeSpan, clock: number): TimeSpan {
  const end = Math.floor(to / COUNT_INTERVAL_SECONDS) * COUNT_INTERVAL_SECONDS;
  if (end + COUNT_INTERVAL_SECONDS <= clock) return { from, to };
  return { from, to: end > from ? end : to };
}

function againstOf(asked: z.infer<typeof explainQuery>, window: TimeSpan, present: number): TimeSpan | null {
  const { against_from: start, against_to: end } = asked;
  if (start === undefined && end === undefined) return null;
  if (start === undefined || end === undefined)
    throw new BadParameter('against_from: give against_from and against_to, or neither');
  const against = {
    from: secondsOf('against_from', start, present),
    to: secondsOf('against_to', end, present),
  };
  if (against.to <= against.from) throw new BadParameter('against_to: is not after against_from');
  if (against.from < window.to && against.to > window.from)
    throw new BadParameter(
      'against_from: overlaps the span from `from` to `to`; choose a time before or after it',
    );
  return against;
}

function classesOf(text: string): readonly RequestClass[] {
  return namesOf(text).map((name) => {
    if (isRequestClass(name) && name !== 'ok') return name;
    throw new BadParameter(
      `class: ${name.slice(0, 64)} is not a failure; use some of ${requestClassNames.filter((one) => one !== 'ok').join(', ')}`,
    );
  });
}

/** The keys of an incident's scope, in its order, and `endpoint`, each with its column in the counts. */
const keys = [
  ['provider', 'provider'],
  ['org', 'org'],
  ['project', 'project'],
  ['key', 'api_key'],
  ['client', 'client'],
  ['region', 'region'],
  ['model', 'model'],
  ['endpoint', 'endpoint'],
] as const;

/** An explanation for programs: `expected` and `excess` have two decimals, `share` four. */
export function explainedAnswer({ plan, isCompared, notes, total, scopes }: ExplainedSpan): ExplainAnswer {
  const ends = ({ from, to }: { from: number; to: number }) => ({ from: iso(from), to: iso(to) });
  const rounded = <Sums extends { expected: number; excess: number }>(one: Sums): Sums => ({
    ...one,
    expected: round(one.expected, 2),
    excess: round(one.excess, 2),
  });
  return {
    window: ends(plan.window),
    against: ends(plan.against),
    compared: isCompared,
    notes: [...notes],
    // Without earlier requests there is no usual rate, so no failure is called an excess.
    total: rounded(isCompared ? total : { ...total, expected: total.failures, excess: 0 }),
    scopes: scopes.map(({ scope, share, ...rest }) => ({
      scope: { ...namedIn(scope), ...classOf(plan.classes) },
      ...rounded(rest),
      share: share === null ? null : round(share, 4),
    })),
  };
}

/** A scope with the keys of an incident's scope. Dimensions without a value are left out. */
export function namedIn(scope: Partial<Record<CallerDimension, string>>): Record<string, string> {
  const named = keys.flatMap(([key, column]) => {
    const value = scope[column];
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(named) as Record<string, string>;
}

function classOf(classes: readonly RequestClass[]): { class?: string } {
  const [only, ...more] = classes;
  return only === undefined || more.length > 0 ? {} : { class: only };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
