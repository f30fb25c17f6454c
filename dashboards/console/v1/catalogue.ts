import { z } from 'zod';
import { errorClasses, requestClassNames } from '../../../domain/error-class.ts';
import { incidentKinds } from '../../../domain/incident-kind.ts';
import type { V1Options } from './options.ts';
import { route, type Route } from './route.ts';

const none = z.strictObject({});

/** What the other routes speak of: classes, kinds of incidents, panels. */
export function catalogueRoutes({ dashboards }: V1Options): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/classes',
      summary: 'The error classes: whose fault, whether repeating helps, what to do.',
      role: 'read',
      query: none,
      answer: z.strictObject({
        classes: z.array(
          z.looseObject({
            name: z.string(),
            title: z.string(),
            guide: z.string().nullable(),
            fault: z.string(),
            retry: z.string(),
            owner: z.string(),
            remedy: z.array(z.string()),
          }),
        ),
      }),
      run: () =>
        Promise.resolve({ classes: requestClassNames.map((name) => ({ name, ...errorClasses[name] })) }),
    }),
    route({
      method: 'GET',
      path: '/kinds',
      summary: 'The kinds of incidents.',
      role: 'read',
      query: none,
      answer: z.strictObject({
        kinds: z.array(z.looseObject({ name: z.string(), title: z.string() })),
      }),
      run: () =>
        Promise.resolve({
          kinds: Object.entries(incidentKinds).map(([name, facts]) => ({ name, ...facts })),
        }),
    }),
    route({
      method: 'GET',
      path: '/panels',
      summary: 'The panels of all dashboards; /api/panels/{slug} answers with the numbers of one.',
      role: 'read',
      query: none,
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
          panels: dashboards.flatMap(({ uid, rows }) =>
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
  ];
}
