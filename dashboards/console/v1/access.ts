import { z } from 'zod';
import { route, type ApiRoute } from './route.ts';

const accessAnswer = z.strictObject({
  role: z
    .enum(['read', 'act'])
    .meta({ description: 'act: this client may also use the operations with the tag act.' }),
});

/** The answer of `/api/v1/access`. */
export type AccessAnswer = z.infer<typeof accessAnswer>;

/** Says what the client may do, so that a page offers nothing that would be refused. */
export function accessRoute(): ApiRoute {
  return route({
    method: 'GET',
    path: '/access',
    summary: 'What the token of this request allows.',
    role: 'read',
    query: z.strictObject({}),
    answer: accessAnswer,
    run: ({ role }): Promise<AccessAnswer> => Promise.resolve({ role }),
  });
}
