import type { Incident } from '../../domain/incident.ts';
import { fingerprint } from '../../ingest/redact/fingerprint.ts';
import type { Caller } from '../../simulate/caller.ts';
import { matches, type Scenario } from '../../simulate/scenario.ts';
import type { Outcome, Wanted } from './run-scenario.ts';

const MINUTE = 60_000;
/** A found incident may begin this much before the start of the true one, or after its end. */
const SLACK = 10 * MINUTE;

/** One true incident, and how the analyzers found it. */
export interface Match {
  wanted: Wanted;
  found: Incident | null;
  duplicates: number;
  isScopeRight: boolean;
  /** Whether the right party was named; null when the truth does not name one. */
  isPartyRight: boolean | null;
  /**
   * Seconds from the moment with enough evidence to the detection; negative when the detection came first. Null when
   * the incident was not found, or when there was never enough evidence (nothing fails in some kinds).
   */
  detect_seconds: number | null;
  /** Seconds from the true start to the detection; null: not found. */
  onset_seconds: number | null;
  /** For kinds that warn: whether the warning came before the first refusal; null for other kinds. */
  isBeforeRefusal: boolean | null;
  /** Seconds from the true end to the end that was found; null when no end was found. */
  resolve_seconds: number | null;
}

/**
 * Pairs found incidents with true ones. Nobody is told of an incident that one found before it lists as its consequence.
 * It finds something only if the listing incident is right about the same truth, and is no duplicate or false alarm.
 */
export function score({ scenario, wanted, found }: Outcome): { matches: Match[]; false_alarms: Incident[] } {
  const listing = ({ id, detected_at }: Incident): Incident[] =>
    found.filter((one) => one.related.includes(id) && one.detected_at <= detected_at);
  const isTold = (incident: Incident): boolean => listing(incident).length === 0;
  const isAlso = (incident: Incident, one: Wanted): boolean =>
    one.also?.includes(incident.kind) === true && isOf(scenario, incident, one);
  const free = new Set(found);
  const results = wanted.map((one): Match => {
    const fitting = [...free]
      .filter(
        (incident) =>
          incident.kind === one.kind &&
          isOf(scenario, incident, one) &&
          listing(incident).every((cause) => isAlso(cause, one)),
      )
      .sort((a, b) => Number(isSameScope(scenario, b, one)) - Number(isSameScope(scenario, a, one)));
    for (const incident of fitting) free.delete(incident);
    const [best] = fitting;
    if (best === undefined)
      return {
        wanted: one,
        found: null,
        duplicates: 0,
        isScopeRight: false,
        isPartyRight: null,
        detect_seconds: null,
        onset_seconds: null,
        isBeforeRefusal: one.is_warning ? false : null,
        resolve_seconds: null,
      };
    return {
      wanted: one,
      found: best,
      duplicates: fitting.slice(1).filter(isTold).length,
      isScopeRight: isSameScope(scenario, best, one),
      isPartyRight: one.party === null ? null : best.verdict.party === one.party,
      detect_seconds: one.evident_at === null ? null : (Date.parse(best.detected_at) - one.evident_at) / 1000,
      onset_seconds: (Date.parse(best.detected_at) - one.started_at) / 1000,
      isBeforeRefusal: one.is_warning
        ? one.refused_at === null || Date.parse(best.detected_at) <= one.refused_at
        : null,
      resolve_seconds:
        best.resolved_at === null ? null : (Date.parse(best.resolved_at) - one.ended_at) / 1000,
    };
  });
  const isRight = (incident: Incident): boolean => wanted.some((one) => isAlso(incident, one));
  return {
    matches: results,
    false_alarms: [...free].filter((incident) => isTold(incident) && !isRight(incident)),
  };
}

function isOf(scenario: Scenario, incident: Incident, { started_at, ended_at, scope }: Wanted): boolean {
  const from = Date.parse(incident.started_at);
  if (from < started_at - SLACK || from > ended_at + SLACK) return false;
  const own = callersOf(scenario, scope);
  return [...callersOf(scenario, incident.scope)].some((caller) => own.has(caller));
}

/**
 * Whether two scopes mean the same callers, even if they name different dimensions. Callers that always fail for a
 * reason of their own do not count, unless the incident has no others.
 */
function isSameScope(scenario: Scenario, incident: Incident, wanted: Wanted): boolean {
  const whole = callersOf(scenario, wanted.scope);
  const hit = new Set([...whole].filter(({ always }) => always === null));
  const own = hit.size === 0 ? whole : hit;
  const seen = [...callersOf(scenario, incident.scope)].filter(
    (caller) => hit.size === 0 || caller.always === null,
  );
  return own.size === seen.length && seen.every((caller) => own.has(caller));
}

function callersOf({ callers }: Scenario, { key, class: _class, ...where }: Incident['scope']): Set<Caller> {
  return new Set(
    callers.filter(
      (caller) =>
        matches(caller, where) &&
        (key === undefined || [caller.api_key, fingerprint(caller.api_key)].includes(key)),
    ),
  );
}
