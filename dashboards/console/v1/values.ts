import { z } from 'zod';
import { type FilterVariable, filterVariables } from '../../panel.ts';
import { rangeParameters, rangeQuery } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { route, type ApiRoute } from './route.ts';

/** Largest number of values of one dimension: nobody chooses from a longer list. */
const MOST_VALUES = 200;

/** The answer of `/api/v1/values`: what a page offers to filter by. */
export type ValuesAnswer = Record<FilterVariable, string[]>;

/** Values of dimensions that occur in a range. */
export function valuesRoute({ store, present }: Pick<V1Options, 'store' | 'present'>): ApiRoute {
  return route({
    method: 'GET',
    path: '/values',
    summary: `Values that occur in a range, of ${filterVariables.join(', ')}; ${MOST_VALUES} of each.`,
    role: 'read',
    query: rangeQuery,
    answer: z.strictObject(
      Object.fromEntries(filterVariables.map((name) => [name, z.array(z.string())])) as Record<
        FilterVariable,
        z.ZodArray<z.ZodString>
      >,
    ),
    async run({ query }): Promise<ValuesAnswer> {
      const { from, to } = rangeParameters(query, present());
      const [row] = await store.query<ValuesAnswer>(VALUES, { from, to });
      return row ?? { provider: [], org: [], project: [], model: [] };
    },
  });
}

const VALUES = `
SELECT ${filterVariables.map((name) => `arraySort(groupUniqArrayIf(${MOST_VALUES})(${name}, ${name} != '')) AS ${name}`).join(', ')}
FROM request_counts_1m
WHERE ts >= toDateTime({from:Int64}, 'UTC') AND ts < toDateTime({to:Int64}, 'UTC')`;
