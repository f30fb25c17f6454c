import type { Incident } from '../../domain/incident.ts';
import type { NotifySettings, RouteSettings } from '../../domain/notify-settings.ts';

/** A route in use: its settings, and its number among the routes. */
export interface NotifyRoute
  extends Pick<RouteSettings, 'receivers' | 'group_by' | 'group_seconds' | 'repeat_seconds' | 'resolved'> {
  number: number;
}

/**
 * The first route that matches an incident. Only one route applies, so that a last route can mean "everything else" and
 * nobody is told twice by accident (docs/decisions/0033). Without any route, all receivers are told of everything.
 * Null: nobody is told. Pure.
 */
export function routeOf(incident: Incident, { routes, receivers }: NotifySettings): NotifyRoute | null {
  if (routes.length === 0) return { ...defaults, receivers: Object.keys(receivers), number: -1 };
  const number = routes.findIndex((route) => matches(route, incident));
  const found = routes[number];
  return found === undefined ? null : { ...found, number };
}

/** The rest of the route that is used when the settings have no routes. */
const defaults = { group_by: [], group_seconds: 0, repeat_seconds: 14_400, resolved: true };

function matches({ kind, severity, party, scope }: RouteSettings, incident: Incident): boolean {
  const isIn = <T>(values: readonly T[] | undefined, value: T): boolean =>
    values === undefined || values.includes(value);
  return (
    isIn(kind, incident.kind) &&
    isIn(severity, incident.severity) &&
    isIn(party, incident.verdict.party) &&
    Object.entries(scope ?? {}).every(([name, values]) => values.includes(scopeValue(incident, name)))
  );
}

/**
 * The values that all incidents of a group share. If the route does not group, each incident is a group of its own.
 * Pure.
 */
export function groupOf(incident: Incident, { group_by, group_seconds, number }: NotifyRoute): string {
  if (group_seconds === 0 && group_by.length === 0) return incident.id;
  return JSON.stringify([
    number,
    ...group_by.map((name) => (name === 'kind' ? incident.kind : scopeValue(incident, name))),
  ]);
}

/** The value of a dimension of the scope; empty when the scope does not name it and so includes all values. */
function scopeValue({ scope }: Incident, name: string): string {
  return Object.entries(scope).find(([known]) => known === name)?.[1] ?? '';
}
