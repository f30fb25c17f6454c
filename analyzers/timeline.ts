import type { Acknowledgement, Silence } from '../domain/attention.ts';
import type { Incident } from '../domain/incident.ts';
import { factsOf } from '../domain/incident-kind.ts';
import type { Delivery } from '../store/queries/notifications.ts';
import type { StoredIncident } from '../store/queries/incidents.ts';
import { describeScope } from './narrow-scope.ts';
import { parseMemory } from './live-incident.ts';

export const timelineEvents = [
  'began',
  'pending',
  'firing',
  'severity',
  'scope',
  'consequence',
  'numbers',
  'held',
  'resolved',
  'reopened',
  'told',
  'acknowledged',
  'silenced',
] as const;

/** One event of an incident. */
export interface TimelineEvent {
  /** ISO-8601 UTC: event time for findings of the analyzers, the clock of the store for people and receivers. */
  at: string;
  event: (typeof timelineEvents)[number];
  text: string;
  /** Numbers of the evidence at that time; an event `numbers` has only those that had changed. */
  numbers: Readonly<Record<string, number>>;
}

export interface TimelineParts {
  versions: readonly StoredIncident[];
  deliveries: readonly Delivery[];
  acknowledgement: Acknowledgement | null;
  silences: readonly Silence[];
  /** The consequences of the incident that are still stored. */
  related: readonly Incident[];
}

/**
 * The events of an incident, oldest first. `versions` may lack the beginning: it is then taken from the last version.
 * Pure.
 */
export function timelineOf(last: Incident, parts: TimelineParts): TimelineEvent[] {
  const [first] = parts.versions;
  const events = [...beginning(last, first), ...changes(parts.versions, parts.related), ...people(parts)];
  const order = (one: TimelineEvent): number => timelineEvents.indexOf(one.event);
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || order(a) - order(b));
}

function beginning(last: Incident, first: StoredIncident | undefined): TimelineEvent[] {
  const life = first === undefined ? null : (parseMemory(first.memory)?.life ?? null);
  const isWhole = first !== undefined && first.incident.state === 'firing' && life?.reopened === 0;
  const isInVersions = isWhole && Math.abs(first.version - Date.parse(first.incident.detected_at)) < 1_000;
  return [
    { at: last.started_at, event: 'began', text: 'first answer of the incident', numbers: {} },
    ...(life === null || life.detected_at === life.breach_at
      ? []
      : [event(life.breach_at * 1000, 'pending', 'over the threshold for the first time')]),
    // The stored version that says when the incident fired is deleted after a week, so the time comes from the last
    // version.
    ...(isInVersions ? [] : [{ at: last.detected_at, event: 'firing' as const, text: 'fired', numbers: {} }]),
  ];
}

function changes(versions: readonly StoredIncident[], related: readonly Incident[]): TimelineEvent[] {
  return versions.flatMap((version, i) => {
    const { incident } = version;
    const before = versions[i - 1];
    if (before === undefined) {
      const isFirst = version.version === Date.parse(incident.detected_at);
      return isFirst ? [event(version.version, 'firing', incident.summary, numbersOf(incident))] : [];
    }
    const events = changed(before, version, related);
    if (events.length > 0) return events;
    const numbers = changedNumbers(before.incident, incident);
    return Object.keys(numbers).length === 0
      ? []
      : [event(version.version, 'numbers', incident.summary, numbers)];
  });
}

function changed(
  before: StoredIncident,
  { incident, version }: StoredIncident,
  related: readonly Incident[],
): TimelineEvent[] {
  const was = before.incident;
  const events: TimelineEvent[] = [];
  const add = (name: TimelineEvent['event'], text: string): void => {
    events.push(event(version, name, text, events.length === 0 ? numbersOf(incident) : {}));
  };
  if (was.state !== incident.state) {
    if (incident.state === 'resolved')
      add(
        'resolved',
        `${incident.evidence['ended_with_data'] === true ? 'the data ended: ' : ''}the last answers of the incident came at ${incident.resolved_at ?? 'an unknown time'}`,
      );
    else add(was.state === 'resolved' ? 'reopened' : 'firing', incident.summary);
  }
  if (was.severity !== incident.severity) add('severity', `${was.severity} -> ${incident.severity}`);
  if (JSON.stringify(was.scope) !== JSON.stringify(incident.scope))
    add('scope', `${describeScope(was.scope)} -> ${describeScope(incident.scope)}`);
  const more = incident.related.filter((id) => !was.related.includes(id));
  if (more.length > 0) add('consequence', more.map((id) => consequence(id, incident, related)).join(', '));
  for (const name of ['no_data', 'data_incomplete'])
    if (incident.evidence[name] === true && was.evidence[name] !== true)
      add(
        'held',
        name === 'no_data' ? 'no requests: nothing to judge by' : 'counts of this time are missing',
      );
  return events;
}

/**
 * Names a consequence. Each kind finds the first answer of its incident for itself, so a consequence may have begun
 * some minutes before its cause. The text says so, because it looks like a mistake.
 */
function consequence(id: string, cause: Incident, related: readonly Incident[]): string {
  const found = related.find((one) => one.id === id);
  if (found === undefined) return id;
  const isSooner = Date.parse(found.started_at) < Date.parse(cause.started_at);
  const began = isSooner ? ` (its first answers came at ${found.started_at}, before those of the cause)` : '';
  return `${factsOf(found.kind).title} ${id}${began}`;
}

function people({ deliveries, acknowledgement, silences }: TimelineParts): TimelineEvent[] {
  return [
    ...deliveries.map((one) =>
      event(
        (one.tried_at ?? one.decided_at) * 1000,
        'told',
        `${one.receiver}: ${one.event}, ${one.state.replaceAll('_', ' ')}${one.answer === '' ? '' : ` (${one.answer})`}`,
      ),
    ),
    ...(acknowledgement === null
      ? []
      : [
          event(
            acknowledgement.at * 1000,
            'acknowledged',
            `by ${acknowledgement.by}${acknowledgement.note === '' ? '' : `: ${acknowledgement.note}`}`,
          ),
        ]),
    ...silences.map((one) =>
      event(
        one.starts_at * 1000,
        'silenced',
        `${one.planned ? 'maintenance' : 'silence'} by ${one.by} until ${iso((one.ended_at ?? one.ends_at) * 1000)}${one.note === '' ? '' : `: ${one.note}`}`,
      ),
    ),
  ];
}

function event(
  ms: number,
  name: TimelineEvent['event'],
  text: string,
  numbers: TimelineEvent['numbers'] = {},
): TimelineEvent {
  return { at: iso(ms), event: name, text, numbers };
}

function iso(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}

function numbersOf({ evidence }: Incident): Record<string, number> {
  return Object.fromEntries(
    Object.entries(evidence).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function changedNumbers(was: Incident, is: Incident): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbersOf(is)).filter(([name, value]) => was.evidence[name] !== value),
  );
}
