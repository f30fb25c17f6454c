import { z } from 'zod';
import { BadParameter } from '../parameters.ts';
import type { LettersRead, ReplayLetters } from '../replay-letters.ts';
import { route, type ApiRoute, Unavailable } from './route.ts';
import { cursor } from './query-parts.ts';

const name = z.string().max(300, 'is too long').default('').meta({ description: 'Empty: all.' });

const asked = z.strictObject({
  topic: name,
  reason: name,
  dry_run: z.boolean().default(false).meta({ description: 'Say what would be counted, and count nothing.' }),
  cursor: cursor.optional(),
});

const answer = z.strictObject({
  counted: z.number().meta({ description: 'Requests that were counted; of a dry run, that would be.' }),
  rejected: z.number().meta({ description: 'Dead letters that the present settings cannot read either.' }),
  cut: z
    .number()
    .meta({ description: 'Dead letters whose whole text is not stored: they stay as they are.' }),
  in_doubt: z.number().meta({
    description:
      'Dead letters of a run that was killed too long ago to tell whether it had counted them; `faultline reconcile` tells.',
  }),
  reasons: z.array(z.strictObject({ reason: z.string(), count: z.number(), detail: z.string() })),
  next: z.string().nullable().meta({ description: 'The `cursor` to go on with; null: all were read.' }),
});
/** The answer of `/api/v1/dead-letters/replay`. */
export type ReplayAnswer = z.infer<typeof answer>;

const place = z.tuple([z.string(), z.int(), z.int(), z.int(), z.string()]);

/** Reads dead letters again and counts those that can be read now. */
export function deadLettersRoute(replay: ReplayLetters): ApiRoute {
  let isRunning = false;
  return route({
    method: 'POST',
    path: '/dead-letters/replay',
    summary:
      'Reads dead letters again by the settings of this process, for some seconds, and counts once what can be read.',
    role: 'act',
    query: z.strictObject({}),
    body: asked,
    answer,
    async run({ body: { topic, reason, dry_run: dryRun, cursor: from } }): Promise<ReplayAnswer> {
      const after = from === undefined ? null : placeOf(from);
      if (isRunning) throw new Unavailable('dead letters are being read again already: ask again soon');
      isRunning = true;
      try {
        const { next, reasons, ...read } = await replay({ topic, reason, dryRun, after });
        return { ...read, reasons: [...reasons], next: next === null ? null : cursorOf(next) };
      } finally {
        isRunning = false;
      }
    },
  });
}

function cursorOf({ topic, partition, offset, part, digest }: NonNullable<LettersRead['next']>): string {
  return Buffer.from(JSON.stringify([topic, partition, offset, part, digest])).toString('base64url');
}

function placeOf(text: string): NonNullable<LettersRead['next']> {
  try {
    const [topic, partition, offset, part, digest] = place.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return { topic, partition, offset, part, digest };
  } catch (error) {
    throw new BadParameter('cursor: is not the next of an answer', { cause: error });
  }
}
