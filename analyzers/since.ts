import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { DetectorMemory } from './detector.ts';
import type { Situation } from './kind.ts';
import { scopeColumns, type ScopeDimension } from './narrow-scope.ts';
import { type Matching, matchingOf } from './view.ts';

/** The dimensions by which matching answers are counted. */
export type SinceName = ScopeDimension | 'class' | 'subclass';
const columns = { ...scopeColumns, class: 'class', subclass: 'subclass' } as const;

/** Counts by name. */
export const tally = z.record(z.string(), z.number());
export type NameCounts = z.infer<typeof tally>;

/** Number of names that are kept; the counts of further names are not. */
export const MAX_NAMES = 50;

/** Adds to the count of a name; an empty name is ignored. */
export function addName(names: NameCounts, name: string, count: number): void {
  if (name === '' || count === 0) return;
  const known = Object.hasOwn(names, name);
  if (known || Object.keys(names).length < MAX_NAMES) names[name] = (known ? (names[name] ?? 0) : 0) + count;
}

const since = z.object({
  requests: z.number(),
  matching: z.number(),
  retries: z.number(),
  useless_retries: z.number(),
  /** Matching answers by dimension and value. */
  by: z.record(z.string(), tally),
  /** Answers before this time (epoch seconds) are in the sums. */
  counted_until: z.number(),
});

/** The sums of the scope from the start to the last matching answer. */
export type Since = z.infer<typeof since>;

type SinceInput = Pick<
  Situation<unknown, Since, unknown, unknown>,
  'previous' | 'goes_on' | 'view' | 'scope' | 'started_at' | 'last_at' | 'now'
>;

/**
 * The memory of a kind that needs only the sums since the start. `names` are the dimensions by which answers are
 * counted.
 */
export function sinceStart(
  matching: Matching,
  names: readonly SinceName[],
): {
  memory: z.ZodType<Since & DetectorMemory>;
  remember(situation: SinceInput): Since & DetectorMemory;
} {
  return {
    memory: since,
    remember({ previous, goes_on, view, scope, started_at, last_at, now }) {
      const base: Since =
        previous !== null && goes_on
          ? previous
          : {
              requests: 0,
              matching: 0,
              retries: 0,
              useless_retries: 0,
              by: {},
              counted_until: started_at,
            };
      const fresh = view.between(base.counted_until, now).within(scope);
      const last = fresh.lastMatching(matching);
      // Requests after the last matching answer are added only when another matching answer comes. So the share is
      // measured over the incident, and does not fall after its end.
      if (last === null || last_at <= base.counted_until) return base;
      const end = Math.min(last + COUNT_INTERVAL_SECONDS, last_at);
      const next = {
        ...base,
        by: Object.fromEntries(names.map((name): [string, NameCounts] => [name, { ...base.by[name] }])),
        counted_until: end,
      };
      for (const row of fresh.between(base.counted_until, end).sums()) {
        const amount = matchingOf(row, matching);
        next.requests += row.requests;
        next.matching += amount;
        next.retries += row.retries;
        next.useless_retries += row.useless_retries;
        for (const name of names) addName(next.by[name] ?? {}, row[columns[name]], amount);
      }
      return next;
    },
  };
}
