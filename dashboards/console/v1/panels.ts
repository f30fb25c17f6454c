import { z } from 'zod';
import { panelQuery } from '../parameters.ts';
import { createQueryCache } from '../query-cache.ts';
import { createPanelReader } from '../read-panel.ts';
import type { V1Options } from './options.ts';
import { NotFound, route, type ApiRoute } from './route.ts';

const seconds = z.number().meta({ description: 'Epoch seconds.' });
const cell = z.union([z.string(), z.number(), z.null()]);
const range = {
  slug: z.string(),
  from: seconds,
  to: seconds,
  step: z.number().meta({ description: 'Seconds.' }),
};
const panelAnswer = z.discriminatedUnion('shape', [
  z.strictObject({
    ...range,
    shape: z.literal('series'),
    times: z.array(seconds),
    series: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        color: z.string().nullable(),
        values: z
          .array(z.number().nullable())
          .meta({ description: 'One value for each of the times; null: no data.' }),
      }),
    ),
  }),
  z.strictObject({ ...range, shape: z.literal('stat'), value: cell }),
  z.strictObject({
    ...range,
    shape: z.literal('table'),
    columns: z.array(z.string()),
    rows: z.array(z.array(cell)),
  }),
]);

/** Routes that list the panels of the dashboards and return the numbers of one. */
export function panelRoutes({ store, now, dashboards, live, ...options }: V1Options): readonly ApiRoute[] {
  const cache = options.cache ?? createQueryCache(0, now);
  const readPanel = createPanelReader({ store, now, dashboards, live, cache });
  const shown = dashboards.filter(({ about }) => about === undefined);
  return [
    route({
      method: 'GET',
      path: '/panels',
      summary: 'The panels of all dashboards.',
      role: 'read',
      query: z.strictObject({}),
      answer: z.strictObject({
        panels: z.array(
          z.strictObject({
            slug: z.string(),
            dashboard: z.string(),
            title: z.string(),
            description: z.string(),
            kind: z.string(),
            unit: z.string(),
          }),
        ),
      }),
      run: () =>
        Promise.resolve({
          panels: shown.flatMap(({ uid, rows }) =>
            rows.flatMap(({ panels }) =>
              panels.map(({ slug, title, description, kind, unit }) => ({
                slug,
                dashboard: uid,
                title,
                description,
                kind,
                unit,
              })),
            ),
          ),
        }),
    }),
    route({
      method: 'GET',
      path: '/panels/{slug}',
      summary: 'The numbers of one panel.',
      role: 'read',
      query: panelQuery,
      answer: panelAnswer,
      async run({ path, query }) {
        const slug = path['slug'] ?? '';
        const answer = await readPanel(slug, query);
        if (answer !== null) return answer;
        throw new NotFound(`there is no panel ${slug.slice(0, 64)}; /api/v1/panels lists them`);
      },
    }),
  ];
}
