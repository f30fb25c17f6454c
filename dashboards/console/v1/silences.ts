import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isOver, LONGEST_SILENCE_SECONDS, type Silence } from '../../../domain/attention.ts';
import { scope } from '../../../domain/incident.ts';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { durationSeconds } from '../../../domain/moment.ts';
import { readMarks, writeSilence } from '../../../store/queries/attention.ts';
import { BadParameter } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { NotFound, route, type ApiRoute } from './route.ts';
import { iso, secondsOf, time } from './query-parts.ts';

const silence = z.strictObject({
  id: z.string(),
  kinds: z.array(z.string()).meta({ description: 'Empty: all kinds.' }),
  scope: scope.meta({ description: 'Values that the scope of an incident must have.' }),
  starts_at: time,
  ends_at: time,
  every_seconds: z.number().meta({
    description: 'Seconds from the start of one window to the start of the next; 0: there is one window.',
  }),
  planned: z.boolean().meta({ description: 'A maintenance window.' }),
  by: z.string(),
  note: z.string(),
  ended_at: time.nullable(),
});

const asked = z.strictObject({
  kinds: z.array(z.enum(incidentKindNames)).default([]),
  scope: scope.default({}),
  for: z
    .string()
    .regex(/^\d{1,4}[mhd]$/, 'is not a length such as 30m, 2h or 1d')
    .meta({ description: 'How long: 30m, 2h, 1d.' }),
  from: time.optional().meta({ description: 'For a maintenance window: when it starts.' }),
  every_seconds: z
    .number()
    .int()
    .nonnegative()
    .max(LONGEST_SILENCE_SECONDS, 'is longer than 366 days')
    .default(0),
  by: z.string().max(100, 'is longer than 100 characters').default('the console'),
  note: z.string().max(500, 'is longer than 500 characters').default(''),
});

/** Routes that list, add and end silences and maintenance windows. */
export function silenceRoutes({ store, now }: V1Options): readonly ApiRoute[] {
  const none = z.strictObject({});
  return [
    route({
      method: 'GET',
      path: '/silences',
      summary: 'Silences and maintenance windows that are active or planned.',
      role: 'read',
      query: none,
      answer: z.strictObject({ silences: z.array(silence) }),
      async run() {
        const { silences } = await readMarks(store);
        return { silences: silences.filter((one) => !isOver(one, now() / 1_000)).map(toAnswer) };
      },
    }),
    route({
      method: 'POST',
      path: '/silences',
      summary:
        'Silences incidents of these kinds and this scope for a time: no messages are sent. With `from`, a maintenance window.',
      role: 'act',
      query: none,
      body: asked,
      answer: silence,
      async run({ body }) {
        const made = silenceOf(body, now());
        await writeSilence(store, made);
        return toAnswer(made);
      },
    }),
    route({
      method: 'POST',
      path: '/silences/{id}/end',
      summary: 'Ends a silence before its time.',
      role: 'act',
      query: none,
      body: z.strictObject({}).default({}),
      answer: silence,
      async run({ path }) {
        const { silences } = await readMarks(store);
        const found = silences.find(({ id }) => id === path['id']);
        if (found === undefined)
          throw new NotFound(`there is no silence ${path['id']?.slice(0, 64)}; /api/v1/silences lists them`);
        const ended = { ...found, ended_at: now() / 1_000 };
        await writeSilence(store, ended);
        return toAnswer(ended);
      },
    }),
  ];
}

function silenceOf(body: z.infer<typeof asked>, now: number): Silence {
  if (body.kinds.length === 0 && Object.keys(body.scope).length === 0)
    throw new BadParameter('kinds: this would silence everything; name kinds or a scope');
  const seconds = durationSeconds(body.for) ?? 0;
  if (seconds <= 0 || seconds > LONGEST_SILENCE_SECONDS)
    throw new BadParameter('for: is not from 1m to 366d');
  if (body.every_seconds !== 0 && body.every_seconds <= seconds)
    throw new BadParameter('every_seconds: must be longer than the window, which would otherwise never end');
  const starts = body.from === undefined ? now / 1_000 : secondsOf('from', body.from, now);
  if (body.every_seconds === 0 && starts + seconds <= now / 1_000)
    throw new BadParameter('from: the window has already ended');
  return {
    id: randomUUID().slice(0, 8),
    kinds: body.kinds,
    scope: body.scope,
    starts_at: starts,
    ends_at: starts + seconds,
    every_seconds: body.every_seconds,
    planned: body.from !== undefined,
    by: body.by,
    note: body.note,
    ended_at: null,
  };
}

function toAnswer(one: Silence): z.infer<typeof silence> {
  return {
    ...one,
    kinds: [...one.kinds],
    starts_at: iso(one.starts_at),
    ends_at: iso(one.ends_at),
    ended_at: one.ended_at === null ? null : iso(one.ended_at),
  };
}
