import { type Incident, incidentStates } from '../../domain/incident.ts';
import { incidentKindNames } from '../../domain/incident-kind.ts';
import type { Store } from '../../store/store.ts';
import { type IncidentFilter, readIncidents } from '../../store/queries/incidents.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';
import { incidentInFull, incidentsAsCsv, incidentsAsTable, type Terminal } from '../format/incidents.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseWhen } from '../options/when.ts';

export interface IncidentsOptions {
  id?: string;
  state?: string;
  kind?: string;
  since?: string;
  limit?: number;
  format?: 'table' | 'json' | 'csv';
}

const LIMIT = 100;
const ALL = 10_000;

/** Prints incidents, open ones first, or one in full; exit code 1 when the one asked for does not exist. */
export async function run(options: IncidentsOptions, context: CommandContext): Promise<number> {
  const filter = parseFilter(options, context.now());
  const format = options.format ?? 'table';
  const store = await openReader(context);
  try {
    const terminal: Terminal = { width: context.width, color: context.color, now: context.now() };
    if (options.id !== undefined) {
      const one = await findIncident(store, options.id);
      if (format === 'json') context.out(JSON.stringify(one, null, 2));
      else if (format === 'csv') context.stdout.write(incidentsAsCsv([one]));
      else for (const line of incidentInFull(one, terminal)) context.out(line);
      return 0;
    }
    const limit = options.limit ?? LIMIT;
    const found = (await readIncidents(store, { ...filter, limit: limit + 1 })).map(
      ({ incident }) => incident,
    );
    const shown = openFirst(found.slice(0, limit));
    if (format === 'json') context.out(JSON.stringify(shown, null, 2));
    else if (format === 'csv') context.stdout.write(incidentsAsCsv(shown));
    else if (shown.length > 0) for (const line of incidentsAsTable(shown, terminal)) context.out(line);
    if (shown.length === 0) context.err(await explainNothing(store, options));
    if (found.length > limit) context.err(`faultline: there are more than ${limit}; --limit shows more`);
    return 0;
  } finally {
    await store.close();
  }
}

/** The filter of the flags; throws `UserError` naming the flag. */
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

async function findIncident(store: Store, id: string): Promise<Incident> {
  const [exact] = await readIncidents(store, { id });
  if (exact !== undefined) return exact.incident;
  const all = await readIncidents(store, { limit: ALL });
  const matching = all.map(({ incident }) => incident).filter((one) => one.id.startsWith(id));
  const [only, second] = matching;
  if (only === undefined)
    throw new UserError(`there is no incident ${id}; faultline incidents lists them`, 1);
  if (second !== undefined) {
    throw new UserError(
      `${matching.length} incidents begin with ${id}: ${only.id}, ${second.id}…; give more of the id`,
      1,
    );
  }
  return only;
}

/** Newest first among those that are open, then among the others. */
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
