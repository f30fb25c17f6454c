import { z } from 'zod';
import {
  acknowledgementOf,
  attentionOf,
  type Marks,
  reopenedOf,
  silencesOf,
} from '../../../domain/attention.ts';
import {
  type Incident,
  incident,
  incidentStates,
  partyNames,
  scope as scopeShape,
  type Scope,
} from '../../../domain/incident.ts';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { readMarks, writeAcknowledgement } from '../../../store/queries/attention.ts';
import { readKnownOpen, readVersions } from '../../../store/queries/incident-versions.ts';
import {
  type IncidentFilter,
  type IncidentPlace,
  readIncidents,
  readRelated,
} from '../../../store/queries/incidents.ts';
import { readDeliveries } from '../../../store/queries/notifications.ts';
import { type ErrorEvent, readErrorEvents } from '../../../store/queries/error-events.ts';
import { BadParameter } from '../parameters.ts';
import { errorAnswer, toErrorAnswer } from './errors.ts';
import type { V1Options } from './options.ts';
import { NotFound, route, type ApiRoute } from './route.ts';
import { cursor, filtersOf, iso, limit, moment, secondsOf, time, where } from './query-parts.ts';

/** The parameters of the route. */
export const incidentsQuery = z.strictObject({
  state: z
    .enum(['open', ...incidentStates], `must be one of open, ${incidentStates.join(', ')}`)
    .optional()
    .meta({ description: 'open: pending or firing.' }),
  kind: z.enum(incidentKindNames).optional(),
  party: z.enum(partyNames, `must be one of ${partyNames.join(', ')}`).optional(),
  severity: z.enum(['info', 'warning', 'critical'], 'must be one of info, warning, critical').optional(),
  where: where.meta({
    description: 'A value of the scope, such as org=acme. It may be repeated.',
  }),
  from: moment.optional().meta({ description: 'Only incidents that were not resolved before this time.' }),
  to: moment.optional().meta({ description: 'Only incidents that started before this time.' }),
  limit: limit(100, 1_000),
  cursor: cursor.optional(),
});

const attention = z.strictObject({
  state: z.enum(['acknowledged', 'silenced', 'maintenance']),
  by: z.string(),
  note: z.string(),
  at: time.optional(),
  until: time.optional(),
  silence: z.string().optional(),
  acknowledged: z
    .strictObject({ by: z.string(), note: z.string(), at: time })
    .optional()
    .meta({ description: 'The acknowledgement of an incident that is also silenced.' }),
});
const listed = incident.extend({
  attention: attention
    .nullable()
    .meta({ description: 'Acknowledgement or silence of the incident; null: none.' }),
});

/** The answer of `/api/v1/incidents`. */
export const incidentsAnswer = z.strictObject({
  incidents: z.array(listed).meta({ description: 'Open incidents first, then the newest.' }),
  next: z.string().nullable(),
});
export type IncidentsAnswer = z.infer<typeof incidentsAnswer>;

/** The answer of `/api/v1/incidents/{id}`. */
export const incidentAnswer = z.strictObject({
  incident,
  attention: attention.nullable(),
  timeline: z
    .array(
      z.strictObject({
        at: time,
        event: z.string(),
        text: z.string(),
        numbers: z
          .record(z.string(), z.number())
          .meta({ description: 'Numbers of the evidence at that time.' }),
      }),
    )
    .meta({
      description:
        'What happened to the incident, oldest event first, as `faultline incidents ID --timeline` prints it.',
    }),
  samples: z
    .array(errorAnswer)
    .meta({ description: 'The failures of its sample request ids that are still stored.' }),
  related: z
    .array(incident.pick({ id: true, kind: true, state: true, started_at: true }))
    .meta({ description: 'Its consequences that are still stored, in the order of `incident.related`.' }),
});
export type IncidentAnswer = z.infer<typeof incidentAnswer>;

const none = z.strictObject({});
const note = z.string().max(500, 'is longer than 500 characters').default('');
const by = z.string().max(100, 'is longer than 100 characters').default('the console');

/** Routes that read incidents, and one that acknowledges an incident. */
export function incidentRoutes(options: V1Options): readonly ApiRoute[] {
  const { store, now } = options;
  return [
    route({
      method: 'GET',
      path: '/incidents',
      summary: 'Incidents with verdict, evidence and remedy.',
      role: 'read',
      query: incidentsQuery,
      answer: incidentsAnswer,
      run: ({ query: asked }) => list(options, asked),
    }),
    route({
      method: 'GET',
      path: '/incidents/{id}',
      summary: 'One incident with its acknowledgement or silence, its timeline and sample failures.',
      role: 'read',
      query: none,
      answer: incidentAnswer,
      async run({ path }): Promise<IncidentAnswer> {
        const one = await find(options, path['id'] ?? '');
        const [marks, versions, told, samples, known, related] = await Promise.all([
          readMarks(store),
          readVersions(store, one.id),
          readDeliveries(store, { incidents: [one.id], limit: 1_000 }),
          samplesOf(store, one),
          readKnownOpen(store, one.id),
          readRelated(store, one),
        ]);
        return {
          incident: one,
          attention: attentionTo(one, marks, now() / 1_000),
          timeline: options.timeline(one, {
            versions,
            deliveries: told,
            acknowledgement: marks.acknowledgements.get(one.id) ?? null,
            silences: silencesOf(one, marks, now() / 1_000, known),
            related,
          }),
          samples: samples.map(toErrorAnswer),
          related: related.map(({ id, kind, state, started_at }) => ({ id, kind, state, started_at })),
        };
      },
    }),
    route({
      method: 'POST',
      path: '/incidents/{id}/acknowledge',
      summary:
        'Acknowledges an incident: a person has taken it over. With `withdraw`, withdraws the acknowledgement.',
      role: 'act',
      query: none,
      body: z.strictObject({ by, note, withdraw: z.boolean().default(false) }),
      answer: z.strictObject({ acknowledged: z.boolean() }),
      async run({ path, body }) {
        const one = await find(options, path['id'] ?? '');
        if (one.state === 'resolved' && !body.withdraw)
          throw new BadParameter(`incident ${one.id} is resolved: there is nothing to acknowledge`);
        const said = { incident: one.id, reopened: reopenedOf(one), by: body.by, note: body.note };
        await writeAcknowledgement(store, said, body.withdraw);
        return { acknowledged: !body.withdraw };
      },
    }),
  ];
}

/** How many seconds are searched for sample failures, from an hour before the start of the incident. */
const SAMPLE_SECONDS = 86_400;

async function samplesOf(store: V1Options['store'], one: Incident): Promise<ErrorEvent[]> {
  const ids = one.sample_request_ids;
  if (ids.length === 0) return [];
  const from = Date.parse(one.started_at) / 1_000 - 3_600;
  const span = { from, to: from + SAMPLE_SECONDS, limit: ids.length * 4 };
  return readErrorEvents(store, { ...span, classes: [], where: [], text: '', after: null, requestIds: ids });
}

async function list(
  { store, present, now, warn }: V1Options,
  asked: z.infer<typeof incidentsQuery>,
): Promise<IncidentsAnswer> {
  const at = (name: 'from' | 'to'): number | undefined => {
    const text = asked[name];
    return text === undefined ? undefined : secondsOf(name, text, present());
  };
  const [since, until] = [at('from'), at('to')];
  const { state, kind, severity, party } = asked;
  const unreadable: string[] = [];
  const filter: IncidentFilter = {
    ...(state === undefined ? {} : { states: state === 'open' ? ['pending', 'firing'] : [state] }),
    ...(kind === undefined ? {} : { kinds: [kind] }),
    ...(severity === undefined ? {} : { severities: [severity] }),
    ...(party === undefined ? {} : { parties: [party] }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(asked.cursor === undefined ? {} : { after: placeOf(asked.cursor) }),
    scope: asked.where.map(scopeOf),
    openFirst: true,
    limit: asked.limit + 1,
  };
  const found = await readIncidents(store, filter, (id) => unreadable.push(id));
  if (unreadable.length > 0) warn?.(`table incidents: cannot read ${unreadable.join(', ')}; left out`);
  const shown = found.slice(0, asked.limit).map(({ incident: one }) => one);
  const marks = await readMarks(store);
  const last = shown.at(-1);
  const isMore = found.length + unreadable.length > asked.limit && last !== undefined;
  return {
    incidents: shown.map((one) => ({ ...one, attention: attentionTo(one, marks, now() / 1_000) })),
    next: isMore ? cursorOf(last) : null,
  };
}

const scopeNames = scopeShape.keyof().options;

/** Reads a condition on the scope. Scopes have fewer dimensions than counts. Throws `BadParameter`. */
function scopeOf(text: string): { name: keyof Scope; values: readonly string[]; negate: boolean } {
  const [{ dimension, values, negate } = { dimension: '', values: [], negate: false }] = filtersOf([text]);
  const wanted = dimension === 'api_key' ? 'key' : dimension;
  const name = scopeNames.find((one) => one === wanted);
  if (name === undefined)
    throw new BadParameter(`where: ${dimension} is not part of a scope; use one of ${scopeNames.join(', ')}`);
  return { name, values, negate };
}

/** The position of an incident in the list as one word. */
export function cursorOf({ id, state, started_at }: Pick<Incident, 'id' | 'state' | 'started_at'>): string {
  const place = [state === 'resolved', Date.parse(started_at), id];
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

const place = z.tuple([z.boolean(), z.int(), z.string()]);

/** Reads a cursor. Throws `BadParameter` when the text is not one. */
export function placeOf(text: string): IncidentPlace {
  try {
    const [resolved, started, id] = place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { resolved, started, id };
  } catch (error) {
    throw new BadParameter('cursor: is not the next of an answer', { cause: error });
  }
}

async function find({ store }: V1Options, id: string): Promise<Incident> {
  const [found] = await readIncidents(store, { id: id.slice(0, 128) });
  if (found === undefined)
    throw new NotFound(`there is no incident ${id.slice(0, 64)}: take an id from the list of incidents`);
  return found.incident;
}

function attentionTo(one: Incident, marks: Marks, now: number): z.infer<typeof attention> | null {
  const found = one.state === 'resolved' ? null : attentionOf(one, marks, now);
  if (found === null) return null;
  if (found.state === 'acknowledged') return { ...found, at: iso(found.at) };
  const taken = acknowledgementOf(one, marks);
  return {
    ...found,
    until: iso(found.until),
    ...(taken === null ? {} : { acknowledged: { by: taken.by, note: taken.note, at: iso(taken.at) } }),
  };
}
