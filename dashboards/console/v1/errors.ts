import { z } from 'zod';
import { isRequestClass } from '../../../domain/error-class.ts';
import { type ErrorEvent, type EventPlace, readErrorEvents } from '../../../store/queries/error-events.ts';
import { planFilters } from '../../../store/queries/trends-plan.ts';
import { repeated } from '../checked.ts';
import { BadParameter } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { route, type ApiRoute } from './route.ts';
import { cursor, filtersOf, limit, moment, names, namesOf, spanOf, time, where } from './query-parts.ts';

const query = z.strictObject({
  from: moment.default('now-24h'),
  to: moment.default('now'),
  class: names.default(''),
  where,
  q: z
    .string({ error: repeated })
    .max(200, 'is too long')
    .default('')
    .meta({ description: 'Part of the message, or a whole code, rule or request id.' }),
  limit: limit(100, 1_000),
  cursor: cursor.optional(),
});

/** One failure as answers show it. */
export const errorAnswer = z.strictObject({
  ts: time,
  request_id: z.string(),
  provider: z.string(),
  org: z.string(),
  project: z.string(),
  key: z.string().meta({ description: 'Fingerprint, never the key.' }),
  client: z.string(),
  region: z.string(),
  model: z.string(),
  endpoint: z.string(),
  status: z.number(),
  class: z.string(),
  subclass: z.string(),
  rule: z.string().meta({ description: 'Id of the rule that gave the class.' }),
  retry: z.string(),
  fault: z.string(),
  wait_seconds: z.number().nullable(),
  type: z.string(),
  code: z.string(),
  message: z.string().meta({ description: 'Redacted.' }),
  retry_count: z.number(),
});

/** The answer of `/api/v1/errors`. */
export const errorsAnswer = z.strictObject({
  errors: z.array(errorAnswer).meta({ description: 'Newest first.' }),
  next: z.string().nullable().meta({ description: 'Cursor of the next page; null: there is none.' }),
});
export type ErrorsAnswer = z.infer<typeof errorsAnswer>;

/** The route that lists stored failures, newest first. */
export function errorsRoute({ store, present }: V1Options): ApiRoute {
  return route({
    method: 'GET',
    path: '/errors',
    summary: 'Single failed requests with class, rule and redacted text, newest first.',
    role: 'read',
    query,
    answer: errorsAnswer,
    async run({ query: asked }): Promise<ErrorsAnswer> {
      // The end of a span is exclusive, so a second is added: the newest failure may have happened in this very second.
      const { from, to } = spanOf(asked.from, asked.to, present() + 1_000);
      const events = await readErrorEvents(store, {
        from,
        to,
        classes: classesOf(asked.class),
        where: planFilters(filtersOf(asked.where)),
        text: asked.q.trim(),
        after: asked.cursor === undefined ? null : placeOf(asked.cursor),
        limit: asked.limit + 1,
      });
      const shown = events.slice(0, asked.limit);
      const last = shown.at(-1);
      return {
        errors: shown.map(toErrorAnswer),
        next: events.length > shown.length && last !== undefined ? cursorOf(last) : null,
      };
    },
  });
}

function classesOf(text: string): readonly string[] {
  const found = namesOf(text);
  const odd = found.find((name) => !isRequestClass(name));
  if (odd === undefined) return found;
  throw new BadParameter(`class: ${odd.slice(0, 64)} is not a class; /api/v1/classes lists them`);
}

/** Converts a stored event into its form in answers. */
export function toErrorAnswer(event: ErrorEvent): ErrorsAnswer['errors'][number] {
  const {
    ts,
    api_key: key,
    topic: _topic,
    partition: _partition,
    offset: _offset,
    part: _part,
    ...rest
  } = event;
  return { ...rest, ts: new Date(ts).toISOString(), key };
}

/** The position of an event as one word. */
export function cursorOf({ ts, topic, partition, offset, part }: EventPlace): string {
  return Buffer.from(JSON.stringify([ts, topic, partition, offset, part])).toString('base64url');
}

const place = z.tuple([
  z.number().int(),
  z.string(),
  z.number().int(),
  z.number().int(),
  z.number().int().nonnegative(),
]);

/** Reads a cursor. Throws `BadParameter` when the text is not one. */
export function placeOf(text: string): EventPlace {
  try {
    const [ts, topic, partition, offset, part] = place.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return { ts, topic, partition, offset, part };
  } catch (error) {
    throw new BadParameter('cursor: is not the next of an answer', { cause: error });
  }
}
