import { existsSync } from 'node:fs';
import { timelineOf } from '../../analyzers/timeline.ts';
import { type Attention, attentionOf, silencesOf } from '../../domain/attention.ts';
import { type Incident, incidentStates } from '../../domain/incident.ts';
import { incidentKindNames } from '../../domain/incident-kind.ts';
import type { Store } from '../../store/store.ts';
import { readMarks } from '../../store/queries/attention.ts';
import { type IncidentFilter, readIncidents, readRelated } from '../../store/queries/incidents.ts';
import { readKnownOpen, readVersions } from '../../store/queries/incident-versions.ts';
import { readDeliveries } from '../../store/queries/notifications.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';
import { incidentInFull, incidentsAsCsv, incidentsAsTable, type Terminal } from '../format/incidents.ts';
import { timelineAsCsv, timelineInFull } from '../format/timeline.ts';
import { findIncident } from '../needs/find-incident.ts';
import { openReader } from '../needs/open-reader.ts';
import { endOfData } from '../needs/end-of-data.ts';
import { parseWhen } from '../options/when.ts';

export interface IncidentsOptions {
  id?: string;
  state?: string;
  kind?: string;
  since?: string;
  limit?: number;
  timeline?: boolean;
  json?: boolean;
  format?: 'table' | 'json' | 'csv';
}

const LIMIT = 100;

/** Prints a list of incidents, or one incident in full. Exit code 1 when the requested incident does not exist. */
export async function run(options: IncidentsOptions, context: CommandContext): Promise<number> {
  const filter = parseFilter(options, context.now());
  const format = options.json === true ? 'json' : (options.format ?? 'table');
  if (options.timeline === true && options.id === undefined)
    throw new UserError('--timeline needs the ID of an incident; faultline incidents lists them');
  if (options.id !== undefined && !/^[0-9a-f]+$/i.test(options.id) && existsSync(options.id))
    throw new UserError(
      `${options.id} is a file, not the ID of an incident: faultline replay ${options.id} shows the incidents in it`,
    );
  const store = await openReader(context);
  try {
    const now = Math.min(context.now(), await endOfData(store));
    const terminal: Terminal = { width: context.width, color: context.color, now };
    if (options.id !== undefined) {
      const one = await findIncident(store, options.id);
      if (options.timeline === true) {
        await printTimeline(one, store, { format, terminal }, context);
        return 0;
      }
      const attention = await attentionTo([one], store, context);
      if (format === 'json') context.out(JSON.stringify(withAttention(one, attention), null, 2));
      else if (format === 'csv') context.stdout.write(incidentsAsCsv([one], attention));
      else {
        const deliveries = await readDeliveries(store, { incidents: [one.id] });
        for (const line of incidentInFull(one, terminal, {
          attention: attention.get(one.id) ?? null,
          deliveries,
          related: await readRelated(store, one),
        }))
          context.out(line);
      }
      return 0;
    }
    const limit = options.limit ?? LIMIT;
    const found = (await readIncidents(store, { ...filter, limit: limit + 1 })).map(
      ({ incident }) => incident,
    );
    const shown = openFirst(found.slice(0, limit));
    const attention = await attentionTo(shown, store, context);
    if (format === 'json')
      context.out(
        JSON.stringify(
          shown.map((one) => withAttention(one, attention)),
          null,
          2,
        ),
      );
    else if (format === 'csv') context.stdout.write(incidentsAsCsv(shown, attention));
    else if (shown.length > 0)
      for (const line of incidentsAsTable(shown, terminal, attention)) context.out(line);
    if (shown.length === 0) context.err(await explainNothing(store, options));
    if (found.length > limit) context.err(`faultline: there are more than ${limit}; --limit shows more`);
    return 0;
  } finally {
    await store.close();
  }
}

async function printTimeline(
  one: Incident,
  store: Store,
  { format, terminal }: { format: string; terminal: Terminal },
  context: CommandContext,
): Promise<void> {
  const marks = await readMarks(store);
  const events = timelineOf(one, {
    versions: await readVersions(store, one.id),
    deliveries: await readDeliveries(store, { incidents: [one.id] }),
    acknowledgement: marks.acknowledgements.get(one.id) ?? null,
    silences: silencesOf(one, marks, context.now() / 1000, await readKnownOpen(store, one.id)),
    related: await readRelated(store, one),
  });
  if (format === 'json') context.out(JSON.stringify({ id: one.id, kind: one.kind, events }, null, 2));
  else if (format === 'csv') context.stdout.write(timelineAsCsv(events));
  else for (const line of timelineInFull(one, events, terminal)) context.out(line);
}

/** Makes a filter from the flags; throws `UserError` naming the wrong flag. */
export function parseFilter({ state, kind, since }: IncidentsOptions, now: number): IncidentFilter {
  return {
    ...(state === undefined ? {} : { states: names(state, '--state', incidentStates) }),
    ...(kind === undefined ? {} : { kinds: names(kind, '--kind', incidentKindNames) }),
    ...(since === undefined ? {} : { since: parseWhen(since, '--since', now) / 1_000 }),
  };
}

function names<Name extends string>(text: string, flag: string, known: readonly Name[]): readonly Name[] {
  return text.split(',').map((part) => {
    const found = known.find((name) => name === part.trim());
    if (found === undefined)
      throw new UserError(`${flag} is ${JSON.stringify(part.trim())}${suggestion(part.trim(), known)}`);
    return found;
  });
}

/** The acknowledgement or silence of each open incident; incidents without one are absent. */
async function attentionTo(
  incidents: readonly Incident[],
  store: Store,
  { now }: CommandContext,
): Promise<Map<string, Attention>> {
  const marks = await readMarks(store);
  const found = new Map<string, Attention>();
  for (const one of incidents) {
    const attention = one.state === 'resolved' ? null : attentionOf(one, marks, now() / 1000);
    if (attention !== null) found.set(one.id, attention);
  }
  return found;
}

/** The incident in its public form, with what people did about it if they did anything. */
function withAttention(one: Incident, attention: ReadonlyMap<string, Attention>): object {
  const found = attention.get(one.id);
  if (found === undefined) return one;
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const times = found.state === 'acknowledged' ? { at: iso(found.at) } : { until: iso(found.until) };
  return { ...one, attention: { ...found, ...times } };
}

/** Open incidents first, then the others; the newest first in both groups. */
function openFirst(incidents: readonly Incident[]): readonly Incident[] {
  const open = incidents.filter((one) => one.state !== 'resolved');
  return [...open, ...incidents.filter((one) => one.state === 'resolved')];
}

async function explainNothing(store: Store, options: IncidentsOptions): Promise<string> {
  const [any] = await readIncidents(store, { limit: 1 });
  if (any === undefined)
    return `faultline: there is no incident in ${store.where}; faultline start or faultline analyze finds them`;
  const flags = [options.state && '--state', options.kind && '--kind', options.since && '--since'].filter(
    Boolean,
  );
  return `faultline: no incident fits ${flags.join(' and ')}; the newest is ${any.incident.id}, ${any.incident.kind} of ${any.incident.started_at}`;
}
