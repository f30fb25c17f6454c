import { factsOf, incidentKindNames, type IncidentKind } from '../domain/incident-kind.ts';
import type { Scope } from '../domain/incident.ts';
import { namesIdentity } from './identity.ts';
import type { LiveIncident } from './live-incident.ts';

/** Kinds of incidents that can be a consequence of another kind. */
const consequences: ReadonlySet<string> = new Set(
  incidentKindNames.flatMap((kind) => factsOf(kind).explains ?? []),
);
/** A consequence may begin this many seconds before its cause, because the two are detected at different speeds. */
const SOONER_SECONDS = 600;

/**
 * Finds which open incidents are consequences of others. The result is keyed by the key of the cause. A consequence is
 * of a kind that the cause explains, or is the same trouble under another identity. It concerns the same part of the
 * traffic, and began while the cause lasted or shortly before. Incidents that are already listed under a cause are left
 * out. Keys are those of `live`. Pure.
 */
export function newConsequences(live: ReadonlyMap<string, LiveIncident>): Map<string, string[]> {
  const listed = new Set([...live.values()].flatMap(({ incident }) => incident.related));
  const byOrg = Map.groupBy(live, ([, { incident }]) => incident.scope.org ?? '');
  const found = new Map<string, string[]>();
  for (const consequence of live.values()) {
    const { id, scope, state, kind } = consequence.incident;
    if (state !== 'firing' || listed.has(id)) continue;
    if (!consequences.has(kind) && namesIdentity(scope, consequence.memory.identity)) continue;
    // A cause can only be in the same organization, or cover several. With a thousand organizations in trouble,
    // comparing all pairs would take too long.
    const near =
      scope.org === undefined ? [...live] : [...(byOrg.get(scope.org) ?? []), ...(byOrg.get('') ?? [])];
    const causes = near.filter(([, cause]) => explains(cause, consequence));
    // The cause that shares most values with the incident comes first, because it is the most specific.
    causes.sort(
      ([, a], [, b]) =>
        shared(b.incident.scope, scope) - shared(a.incident.scope, scope) ||
        a.memory.life.started_at - b.memory.life.started_at,
    );
    const [key] = causes[0] ?? [];
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), id]);
  }
  return found;
}

function explains(cause: LiveIncident, { incident, memory }: LiveIncident): boolean {
  const { kind, scope, state } = cause.incident;
  if (state === 'pending' || cause.incident.id === incident.id) return false;
  if (!isExplainedBy(incident.kind, kind) && !isSameTrouble(cause, { incident, memory })) return false;
  if (!canOverlap(scope, incident.scope)) return false;
  const { started_at: from, resolved_at: to } = cause.memory.life;
  const at = memory.life.started_at;
  return at >= from - SOONER_SECONDS && (to === null || at <= to);
}

/**
 * Whether a later incident is the same trouble as an earlier one with another identity: their scopes are equal and do
 * not name the dimension in which the identities differ. This happens when people were told of both before this was
 * known.
 */
function isSameTrouble(cause: LiveIncident, later: LiveIncident): boolean {
  const [one, other] = [cause.memory.life.detected_at ?? 0, later.memory.life.detected_at ?? 0];
  return (
    cause.incident.kind === later.incident.kind &&
    !namesIdentity(later.incident.scope, later.memory.identity) &&
    JSON.stringify(cause.incident.scope) === JSON.stringify(later.incident.scope) &&
    (one < other || (one === other && cause.incident.id < later.incident.id))
  );
}

/** Whether an incident of the first kind can be a consequence of one of the second. */
export function isExplainedBy(consequence: IncidentKind, cause: IncidentKind): boolean {
  return factsOf(cause).explains?.some((kind) => kind === consequence) === true;
}

/** False when both scopes name a dimension with different values: then no request can be in both. */
function canOverlap(one: Scope, other: Scope): boolean {
  return dimensions(one).every(([name, value]) => other[name] === undefined || other[name] === value);
}

function shared(one: Scope, other: Scope): number {
  return dimensions(one).filter(([name, value]) => other[name] === value).length;
}

function dimensions(scope: Scope): [keyof Scope, string][] {
  return (Object.entries(scope) as [keyof Scope, string | undefined][]).flatMap(([name, value]) =>
    value === undefined || name === 'class' ? [] : [[name, value]],
  );
}
