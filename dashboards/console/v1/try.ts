import { z } from 'zod';
import type { TryText } from '../try.ts';
import { route, type ApiRoute } from './route.ts';

/** Largest text. A record may have 1 MiB, and the text may be a single record. */
const LARGEST_BYTES = 1024 * 1024;

const outcome = z.looseObject({ kind: z.enum(['counted', 'skipped', 'dead']) });

/** Shows how each record of a text would be read. Nothing is stored. */
export function tryRoute(tryText: TryText): ApiRoute {
  return route({
    method: 'POST',
    path: '/try',
    summary: 'Shows how the records of a text would be read: format, fields, class. Nothing is stored.',
    role: 'read',
    query: z.strictObject({}),
    body: z
      .string('send the record as a text: Content-Type: text/plain, at most 1 MiB')
      .refine((text) => text.trim() !== '', 'is empty: send the record as text/plain, at most 1 MiB'),
    bodyType: 'text/plain',
    bodyLimit: LARGEST_BYTES,
    answer: z.strictObject({
      unit: z.string().meta({ description: 'What the text consists of: lines, rows or JSON documents.' }),
      records: z.array(
        z.looseObject({ outcome, records: z.array(z.looseObject({ outcome })), text: z.string() }),
      ),
      is_cut: z.boolean().meta({ description: 'Whether the text contained more records than were tried.' }),
    }),
    run: ({ body }) => tryText(body),
  });
}
