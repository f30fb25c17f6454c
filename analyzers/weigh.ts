import type { Scope } from '../domain/incident.ts';
import type { MoreMeasure } from '../store/queries/count-measures.ts';
import type { Level } from './incident-life.ts';
import type { CountView } from './count-view.ts';
import type { Given, KindSettings } from './given.ts';
import { columnOf, identityKey, identityOf, type Names, type CountedSubjectName } from './identity.ts';
import type { Reads } from './reads.ts';
import { type Matching, matchingOf } from './view.ts';

/** What a kind says about one scope at one time, with the numbers that led to it. Times are epoch seconds. */
export interface Weighed {
  identity: Names;
  /** The scope of the question, without the dimensions that the kind does not separate. */
  scope: Scope;
  /** Dimensions of the question that the kind does not separate: it judges all their values together. */
  not_told_apart: readonly string[];
  level: Level;
  /** The kind is switched on for this identity. */
  enabled: boolean;
  /** The history is too short to know what is usual. */
  is_learning: boolean;
  /** Measures that the kind needs but that no request reported. */
  lacks: readonly MoreMeasure[];
  /**
   * True when the kind is not judged by a count and a share in the window; `found` then has the numbers that it uses.
   */
  measures: boolean;
  /** Requests in the window that was judged. */
  requests: number;
  /** How many of them match. */
  matching: number;
  window_seconds: number;
  /** The last interval with a request, as far as the kind looks back; null: none. */
  last_request_at: number | null;
  /** The settings of this identity: thresholds and windows. */
  thresholds: Readonly<Record<string, Plain>>;
  /** The other numbers that the rule found: the usual rate, the part that stands out, the pace, … */
  found: Readonly<Record<string, Plain>>;
}

export type Plain = number | string | boolean | null;

/** Every identity of the organizations in the window. */
export function identitiesOf(counts: CountView, names: readonly CountedSubjectName[]): Names[] {
  const found = new Map<string, Names>();
  for (const org of counts.orgs.values()) {
    const rows = names.length === 2 ? [] : org.between(-Infinity, Infinity).sums();
    const whole: Names = { provider: org.provider, org: org.org };
    for (const identity of names.length === 2
      ? [whole]
      : rows.map((row) => identityOf(names, (column) => row[column])))
      if (identity !== null) found.set(identityKey(identity), identity);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, identity]) => identity);
}

/** False when both name a dimension with different values. */
export function agrees(identity: Names, scope: Scope): boolean {
  return Object.entries(scope).every(
    ([name, value]) => identity[name] === undefined || identity[name] === value,
  );
}

/**
 * Splits a scope into the part that the kind separates and the names of the other dimensions. `reads` null: the kind
 * separates every dimension.
 */
export function splitScope(
  scope: Scope,
  names: readonly CountedSubjectName[],
  reads: Pick<Reads, 'by'> | null,
): { scope: Scope; not_told_apart: string[] } {
  const known = (name: string): boolean => {
    if (names.some((own) => own === name)) return true;
    if (name === 'provider' || name === 'org' || name === 'class') return false;
    return reads === null || reads.by.some((own) => own === columnOf(name as CountedSubjectName));
  };
  const entries = Object.entries(scope);
  return {
    scope: Object.fromEntries(entries.filter(([name]) => known(name))),
    not_told_apart: entries.map(([name]) => name).filter((name) => !known(name)),
  };
}

/** The judgement of a part of an identity, as plain numbers. */
export function weighedOf(
  given: Given<KindSettings>,
  part: { scope: Scope; not_told_apart: string[] },
  judged: { level: Level },
  kind: {
    matching: Matching;
    needs?: readonly MoreMeasure[] | undefined;
    by_traffic: boolean;
    numbers: Readonly<Record<string, number>> | undefined;
  },
): Weighed {
  const { settings, view, identity } = given;
  const { is_learning: isLearning, window_seconds: judgedWindow, ...found } = plain(judged);
  // Some kinds also judge a longer window, for callers with few requests.
  const window = typeof judgedWindow === 'number' ? judgedWindow : settings.window_seconds;
  const sums = { requests: 0, matching: 0 };
  for (const row of given.last(window).sums()) {
    sums.requests += row.requests;
    sums.matching += matchingOf(row, kind.matching);
  }
  const needs = kind.needs ?? [];
  const isTold = needs.some((name) => view.values(name).length > 0);
  const { enabled, ...thresholds } = settings;
  return {
    identity,
    ...part,
    level: judged.level,
    enabled,
    is_learning: isLearning === true,
    lacks: isTold ? [] : needs,
    measures: kind.by_traffic || kind.numbers !== undefined,
    ...sums,
    window_seconds: window,
    last_request_at: view.last(),
    thresholds: plain(thresholds),
    found: { ...found, ...kind.numbers },
  };
}

/**
 * The plain members of an object. Members one level deeper get the name of the member that contains them as a prefix.
 */
function plain(values: object): Record<string, Plain> {
  const found: Record<string, Plain> = {};
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (name === 'level') continue;
    if (isPlain(value)) found[name] = tidy(value);
    else if (value !== null && typeof value === 'object' && !Array.isArray(value))
      for (const [inner, one] of Object.entries(value) as [string, unknown][])
        if (isPlain(one)) found[`${name}_${inner}`] = tidy(one);
  }
  return found;
}

function isPlain(value: unknown): value is Plain {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value);
}

/** Makes one line of the name of a part, which has a line for each dimension and value. */
function tidy(value: Plain): Plain {
  return typeof value === 'string' ? value.split('\n').filter(Boolean).join(' ') || 'all' : value;
}
