import { z } from 'zod';
import type { Dashboard, Panel } from '../../panel.ts';
import type { V1Options } from './options.ts';
import { route, type ApiRoute } from './route.ts';

/** A dashboard without its SQL, as a page lays it out. */
export interface DashboardAnswer {
  uid: string;
  title: string;
  question: string;
  rows: { title: string; panels: Omit<Panel, 'sql'>[] }[];
}

const panel = z.looseObject({
  slug: z.string().meta({ description: 'Its numbers are at /api/v1/panels/{slug}.' }),
  title: z.string(),
  description: z.string(),
  kind: z.string(),
  unit: z.string(),
  width: z.number().meta({ description: 'In 24ths of the page.' }),
  height: z.number(),
});

/**
 * The dashboards as a page lays them out, without the dashboard of a single incident, which needs to know the incident.
 */
export function dashboardsRoute({ dashboards }: Pick<V1Options, 'dashboards'>): ApiRoute {
  const shown = dashboards.filter(({ about }) => about === undefined).map(withoutSql);
  return route({
    method: 'GET',
    path: '/dashboards',
    summary: 'The dashboards with their rows and panels, in reading order.',
    role: 'read',
    query: z.strictObject({}),
    answer: z.strictObject({
      dashboards: z.array(
        z.strictObject({
          uid: z.string(),
          title: z.string(),
          question: z.string().meta({ description: 'The one question that it answers.' }),
          rows: z.array(z.strictObject({ title: z.string(), panels: z.array(panel) })),
        }),
      ),
    }),
    run: () => Promise.resolve({ dashboards: shown }),
  });
}

function withoutSql({ uid, title, question, rows }: Dashboard): DashboardAnswer {
  return {
    uid,
    title,
    question,
    rows: rows.map((row) => ({
      title: row.title,
      panels: row.panels.map(({ sql: _sql, ...rest }) => rest),
    })),
  };
}
