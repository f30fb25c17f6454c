import type { CountRow } from '../domain/count-row.ts';
import type { Scope } from '../domain/incident.ts';

/** Dimensions below the organization that a scope can name, with their columns. */
export const scopeColumns = {
  project: 'project',
  key: 'api_key',
  client: 'client',
  region: 'region',
  model: 'model',
} as const satisfies Partial<Record<keyof Scope, keyof CountRow>>;
export type ScopeDimension = keyof typeof scopeColumns;
/** The columns that a scope can name. */
export type Scoped = Pick<CountRow, (typeof scopeColumns)[ScopeDimension]>;
export const scopeDimensions = Object.keys(scopeColumns) as ScopeDimension[];

/** A scope names a value only if at least this share of the affected answers has it. */
const NAMED_SHARE = 0.9;
/** A value explains failures only if requests with other values fail at less than this fraction of its rate. */
const OTHERS_RATE = 0.5;

/** Dimensions that say whose requests they are and what they ask for. The scope always names them where it can. */
export const tellingDimensions: readonly ScopeDimension[] = ['project', 'client', 'model'];
/**
 * Dimensions that usually follow from the others, as a key follows from its project. The scope names them only where
 * they separate requests that the others do not.
 */
const refining: readonly ScopeDimension[] = ['key', 'region'];

/**
 * Names the values that the affected answers share (9 of 10 have the value) and that separate these answers from the
 * rest (requests with other values fail at less than half of the rate, or there are none).
 */
export function narrowScope<Row extends Scoped & { requests: number }>(
  rows: readonly Row[],
  isAffected: (row: Row) => boolean,
): Scope {
  return narrowScopeBy(rows, (row) => (isAffected(row) ? row.requests : 0));
}

/** Like `narrowScope`, for rows in which only some requests are affected: `affected` returns how many. */
export function narrowScopeBy<Row extends Scoped & { requests: number }>(
  rows: readonly Row[],
  affected: (row: Row) => number,
): Scope {
  const found: Scope = {};
  for (const name of tellingDimensions) {
    const value = sharedValue(rows, affected, scopeColumns[name]);
    if (value !== null) found[name] = value;
  }
  const inside = rows.filter((row) => isInScope(row, found));
  for (const name of refining) {
    const value = sharedValue(inside, affected, scopeColumns[name]);
    if (value !== null && inside.some((row) => row[scopeColumns[name]] !== value)) found[name] = value;
  }
  const scope: Scope = {};
  for (const name of scopeDimensions) if (found[name] !== undefined) scope[name] = found[name];
  return scope;
}

/** True when the row has the values that the scope names below provider and organization. */
export function isInScope(row: Scoped, scope: Scope): boolean {
  for (const name of scopeDimensions)
    if (scope[name] !== undefined && scope[name] !== row[scopeColumns[name]]) return false;
  return true;
}

/**
 * Decides which scope to show. After people were told, a scope may only become wider, by losing a dimension that turned
 * out wrong. Later it does not change at all, because alerts are routed by it.
 */
export function reviseScope(
  known: { scope: Scope; scope_may: 'change' | 'widen' | 'stay' } | null,
  seen: Scope,
): Scope {
  if (known === null || known.scope_may === 'change') return seen;
  if (known.scope_may === 'stay') return known.scope;
  const kept: Scope = { ...known.scope };
  for (const name of ['provider', 'org', ...scopeDimensions] as const)
    if (kept[name] !== seen[name]) delete kept[name];
  return kept;
}

/** The scope in words: "project checkout, model gpt-5 of organization acme at openai". */
export function describeScope(scope: Scope): string {
  const parts = scopeDimensions.flatMap((name) =>
    scope[name] === undefined ? [] : [`${name} ${scope[name]}`],
  );
  const org = scope.org === undefined ? '' : `organization ${scope.org}`;
  const whole = [org, scope.provider === undefined ? '' : `at ${scope.provider}`].filter(Boolean).join(' ');
  if (parts.length === 0) return scope.org === undefined ? (scope.provider ?? 'all traffic') : whole;
  return [parts.join(', '), whole.replace(/^organization/, 'of organization')].filter(Boolean).join(' ');
}

function sharedValue<Row extends Scoped & { requests: number }>(
  rows: readonly Row[],
  affectedOf: (row: Row) => number,
  column: (typeof scopeColumns)[ScopeDimension],
): string | null {
  const tallies = new Map<string, { affected: number; requests: number }>();
  const total = { affected: 0, requests: 0 };
  for (const row of rows) {
    const tally = tallies.get(row[column]) ?? { affected: 0, requests: 0 };
    tallies.set(row[column], tally);
    const affected = affectedOf(row);
    tally.affected += affected;
    tally.requests += row.requests;
    total.affected += affected;
    total.requests += row.requests;
  }
  const [value, top] = [...tallies].reduce(
    (best, entry) => (entry[1].affected > best[1].affected ? entry : best),
    ['', { affected: 0, requests: 0 }] as [string, typeof total],
  );
  if (value === '' || top.affected < NAMED_SHARE * total.affected) return null;
  const others = { affected: total.affected - top.affected, requests: total.requests - top.requests };
  if (others.requests === 0) return value;
  return others.affected / others.requests < (OTHERS_RATE * top.affected) / top.requests ? value : null;
}
