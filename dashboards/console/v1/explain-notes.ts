import { type Incident, scope as scopeSchema } from '../../../domain/incident.ts';
import { factsOf, incidentKindNames } from '../../../domain/incident-kind.ts';
import { NOTHING_BEFORE } from '../../../domain/usual-time.ts';
import type { TimeSpan } from '../../../domain/time-span.ts';
import type { ExplainSumsPlan } from '../../../store/queries/explain-sums.ts';
import { type IncidentFilter, readIncidents } from '../../../store/queries/incidents.ts';
import type { Store } from '../../../store/store.ts';

/** What a reader of an explanation must know. `incident`: id of the incident that the text is about; null: none. */
export interface ExplainNote {
  text: string;
  incident: string | null;
}

/** How many incidents are named one by one. */
const MOST_NAMED = 3;
const MOST_READ = 200;
/** Kinds of incident in which no request fails. */
const withoutFailures: readonly string[] = [
  'pipeline',
  'quota_forecast',
  'slow_down_risk',
  'rate_limit_saturation',
];

/**
 * Says that there is nothing to compare with, or which incidents were open in the usual time, because their failures
 * count as usual. Throws `StoreError`.
 */
export async function readExplainNotes(
  store: Store,
  { against, where, isCompared }: { against: TimeSpan; where: ExplainSumsPlan['where']; isCompared: boolean },
): Promise<readonly ExplainNote[]> {
  if (!isCompared) return [{ text: `There is ${nothingBefore(against)}.`, incident: null }];
  const found = await readIncidents(
    store,
    {
      since: against.from,
      until: against.to,
      states: ['firing', 'resolved'],
      // The store selects, because the newest incidents may all be about other traffic.
      kinds: incidentKindNames.filter((kind) => !withoutFailures.includes(kind)),
      scope: scopeOf(where),
      limit: MOST_READ,
    },
    // Nothing is reported here about rows that cannot be read, because the list of incidents reports them.
    () => {},
  );
  return overlapNotes(found.map(({ incident }) => incident));
}

/** One note for each of the first incidents, and one for the number of the others. */
export function overlapNotes(incidents: readonly Incident[]): readonly ExplainNote[] {
  const notes = incidents.slice(0, MOST_NAMED).map(({ id, kind, scope, started_at, resolved_at }) => {
    const of = scope.org ?? scope.provider;
    const title = `${factsOf(kind).title}${of === undefined ? '' : ` of ${shortened(of)}`}`;
    const times =
      resolved_at === null
        ? `${utc(started_at)} UTC, still open`
        : `${utc(started_at)} to ${utc(resolved_at)} UTC`;
    return {
      text: `The time to compare with overlaps an incident, whose failures may count as usual: ${title}, ${times}.`,
      incident: id,
    };
  });
  const more = incidents.length - notes.length;
  const atLeast = incidents.length < MOST_READ ? '' : 'at least ';
  return more > 0
    ? [
        ...notes,
        {
          text: `It overlaps ${atLeast}${more} more ${more === 1 ? 'incident' : 'incidents'}.`,
          incident: null,
        },
      ]
    : notes;
}

/** Says that no request is counted in a span, as part of a sentence. */
export function nothingBefore({ from, to }: TimeSpan): string {
  const text = (seconds: number) => utc(new Date(seconds * 1_000).toISOString());
  return `${NOTHING_BEFORE}: no request is counted from ${text(from)} to ${text(to)} UTC`;
}

/**
 * The conditions as the store reads them. An incident whose scope does not name a dimension may concern every value of
 * it; the store reads such a dimension as the empty text.
 */
function scopeOf(where: ExplainSumsPlan['where']): NonNullable<IncidentFilter['scope']> {
  const names = scopeSchema.keyof().options;
  return where.flatMap(({ dimension, values, negate }) => {
    const name = names.find((one) => one === (dimension === 'api_key' ? 'key' : dimension));
    if (name === undefined) return [];
    const named = values.filter((value) => value !== '');
    return [{ name, values: negate ? named : [...named, ''], negate }];
  });
}

/** Cuts a long name, so that the sentence stays short. */
function shortened(name: string): string {
  return name.length <= 80 ? name : `${name.slice(0, 79)}…`;
}

/** `2026-03-01 12:00` */
function utc(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
