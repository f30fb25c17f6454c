import { z } from 'zod';
import { attentionOf, type Marks, reopenedOf, silencedUntil } from '../../../domain/attention.ts';
import { type Incident, incident, incidentStates, partyNames } from '../../../domain/incident.ts';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { timelineOf } from '../../../domain/incident-timeline.ts';
import { readMarks, writeAcknowledgement } from '../../../store/queries/attention.ts';
import { readIncidentVersions } from '../../../store/queries/incident-versions.ts';
import { readIncidents } from '../../../store/queries/incidents.ts';
import { readDeliveries } from '../../../store/queries/notifications.ts';
import { BadParameter } from '../parameters.ts';
import type { V1Options } from './options.ts';
import { NotFound, route, type Route } from './route.ts';
import { cursor, filtersOf, iso, limit, moment, secondsOf, time, where } from './shared.ts';

/** So many incidents are looked at for one answer; older ones come by `from` and `to`. */
const MOST = 10_000;

/** What may be asked for. */
export const incidentsQuery = z.strictObject({
  state: z
    .enum(['open', ...incidentStates], `is none of open, ${incidentStates.join(', ')}`)
    .optional()
    .meta({ description: 'open: pending or firing.' }),
  kind: z.enum(incidentKindNames, 'is no kind of incident; /api/v1/kinds lists them').optional(),
  party: z.enum(partyNames, `is none of ${partyNames.join(', ')}`).optional(),
  severity: z.enum(['info', 'warning', 'critical'], 'is none of info, warning, critical').optional(),
  where: where.meta({
    description: 'A value that the scope names, such as org=acme; may be given several times.',
  }),
  from: moment.optional().meta({ description: 'Not resolved before this time.' }),
  to: moment.optional().meta({ description: 'Began before this time.' }),
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
});
const listed = incident.extend({
  attention: attention.nullable().meta({ description: 'What people said of it; null: nothing.' }),
});

/** The answer of `/api/v1/incidents`. */
export const incidentsAnswer = z.strictObject({
  incidents: z.array(listed).meta({ description: 'Open ones first, then the latest.' }),
  next: z.string().nullable(),
});
export type IncidentsAnswer = z.infer<typeof incidentsAnswer>;

/** The answer of `/api/v1/incidents/{id}`. */
export const incidentAnswer = z.strictObject({
  incident,
  attention: attention.nullable(),
  timeline: z
    .array(z.strictObject({ at: time, what: z.string(), detail: z.string() }))
    .meta({ description: 'What happened to it, oldest first.' }),
});
export type IncidentAnswer = z.infer<typeof incidentAnswer>;

const none = z.strictObject({});
const note = z.string().max(500, 'is longer than 500 characters').default('');
const by = z.string().max(100, 'is longer than 100 characters').default('the console');

/** Reading incidents, and saying that somebody has taken one over. */
export function incidentRoutes(options: V1Options): readonly Route[] {
  const { store, present } = options;
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
      summary: 'One incident, what people said of it, and how it went.',
      role: 'read',
      query: none,
      answer: incidentAnswer,
      async run({ path }): Promise<IncidentAnswer> {
        const one = await find(options, path['id'] ?? '');
        const [marks, versions, told] = await Promise.all([
          readMarks(store),
          readIncidentVersions(store, one.id),
          readDeliveries(store, { incidents: [one.id], limit: 1_000 }),
        ]);
        return {
          incident: one,
          attention: attentionTo(one, marks, present() / 1_000),
          timeline: timelineOf({
            startedAt: Date.parse(one.started_at),
            versions,
            deliveries: told.map((delivery) => ({
              ...delivery,
              at: (delivery.tried_at ?? delivery.decided_at) * 1_000,
            })),
            ...saidOf(one, marks),
          }).map((step) => ({ ...step, at: new Date(step.at).toISOString() })),
        };
      },
    }),
    route({
      method: 'POST',
      path: '/incidents/{id}/acknowledge',
      summary: 'Says that somebody has taken an incident over, or takes that back.',
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

async function list(
  { store, present }: V1Options,
  asked: z.infer<typeof incidentsQuery>,
): Promise<IncidentsAnswer> {
  const at = (name: 'from' | 'to'): number | undefined => {
    const text = asked[name];
    return text === undefined ? undefined : secondsOf(name, text, present());
  };
  const [since, until] = [at('from'), at('to')];
  const states =
    asked.state === 'open' ? (['pending', 'firing'] as const) : [asked.state ?? ''].filter(isState);
  const found = await readIncidents(store, {
    ...(states.length === 0 ? {} : { states }),
    ...(asked.kind === undefined ? {} : { kinds: [asked.kind] }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    limit: MOST,
  });
  const wanted = filtersOf(asked.where);
  const fitting = found
    .map((one) => one.incident)
    .filter(
      (one) =>
        (asked.party === undefined || one.verdict.party === asked.party) &&
        (asked.severity === undefined || one.severity === asked.severity) &&
        wanted.every(({ dimension, values, negate }) => {
          const name = dimension === 'api_key' ? 'key' : dimension;
          const value = (one.scope as Readonly<Record<string, string | undefined>>)[name] ?? '';
          return values.includes(value) !== negate;
        }),
    );
  const ordered = [
    ...fitting.filter(({ state }) => state !== 'resolved'),
    ...fitting.filter(({ state }) => state === 'resolved'),
  ];
  const begin = asked.cursor === undefined ? 0 : ordered.findIndex(({ id }) => id === asked.cursor) + 1;
  if (asked.cursor !== undefined && begin === 0)
    throw new BadParameter('cursor: the incident that it names is no longer in the list; begin again');
  const shown = ordered.slice(begin, begin + asked.limit);
  const marks = await readMarks(store);
  return {
    incidents: shown.map((one) => ({ ...one, attention: attentionTo(one, marks, present() / 1_000) })),
    next: ordered.length > begin + shown.length ? (shown.at(-1)?.id ?? null) : null,
  };
}

function isState(text: string): text is (typeof incidentStates)[number] {
  return incidentStates.some((state) => state === text);
}

async function find({ store }: V1Options, id: string): Promise<Incident> {
  const [found] = await readIncidents(store, { id: id.slice(0, 128) });
  if (found === undefined)
    throw new NotFound(`there is no incident ${id.slice(0, 64)}; /api/v1/incidents lists them`);
  return found.incident;
}

function attentionTo(one: Incident, marks: Marks, now: number): z.infer<typeof attention> | null {
  const found = one.state === 'resolved' ? null : attentionOf(one, marks, now);
  if (found === null) return null;
  if (found.state === 'acknowledged') return { ...found, at: iso(found.at) };
  return { ...found, until: iso(found.until) };
}

/** The acknowledgement and the silences that concern an incident, as its timeline takes them. */
export function saidOf(one: Incident, { acknowledgements, silences }: Marks) {
  const acknowledged = acknowledgements.get(one.id);
  const [from, to] = [Date.parse(one.started_at), Date.parse(one.resolved_at ?? '9999-01-01T00:00:00Z')];
  return {
    acknowledged:
      acknowledged === undefined
        ? null
        : { at: acknowledged.at * 1_000, by: acknowledged.by, note: acknowledged.note },
    silences: silences
      .filter(
        (silence) =>
          silence.starts_at * 1_000 < to &&
          (silence.ended_at ?? silence.ends_at) * 1_000 > from &&
          attentionOf(one, { acknowledgements: new Map(), silences: [silence] }, silence.starts_at) !== null,
      )
      .map((silence) => ({
        at: silence.starts_at * 1_000,
        until: (silence.ended_at ?? silencedUntil(silence, silence.starts_at) ?? silence.ends_at) * 1_000,
        by: silence.by,
        note: silence.note,
        planned: silence.planned,
      })),
  };
}
