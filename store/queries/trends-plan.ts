import type { Condition } from '../../domain/condition.ts';
import { type CountDimension, countDimensions } from '../../domain/count-row.ts';
import { defaultRetention, type Retention, toRetention } from '../../domain/retention.ts';

/** `class=slow_down,rate_limit` or, negated, `class!=ok`. */
export type TrendFilter = Condition;

/** A question about trends. Times are epoch seconds. */
export interface TrendRequest {
  by: readonly string[];
  since: number;
  until: number;
  now: number;
  /** Seconds; null chooses one that gives at most 60 steps. */
  step: number | null;
  where: readonly TrendFilter[];
  /** How long the tables keep counts; absent: the defaults. */
  retention?: Retention;
}

/** How to answer the question: all names are checked, and all times are multiples of the table's resolution. */
export interface TrendPlan {
  table: string;
  /** Seconds per interval of the table. */
  resolution: number;
  step: number;
  /** Epoch seconds; `to` is exclusive. */
  from: number;
  to: number;
  /**
   * Start of the window that ends at `from` and is as long as the part of the range that has passed; null when its
   * counts are no longer kept.
   */
  previousFrom: number | null;
  by: readonly CountDimension[];
  /**
   * The dimensions of `by` that say where a request went, not how it ended. A share is the share of the requests of
   * such a group.
   */
  scopeBy: readonly CountDimension[];
  where: readonly { dimension: CountDimension; values: readonly string[]; negate: boolean }[];
}

/** A question that cannot be answered. The message is one line that says what can be asked instead. */
export class TrendError extends Error {
  readonly code = 'bad_query';
  /** The part of the question that is wrong; null where only the caller knows in which part a name stood. */
  readonly parameter: 'from' | 'to' | 'step' | 'by' | 'where' | null;
  constructor(parameter: TrendError['parameter'], message: string) {
    super(message);
    this.name = 'TrendError';
    this.parameter = parameter;
  }
}

export interface TrendTable {
  name: 'request_counts' | 'request_counts_1m' | 'request_counts_1h';
  resolution: number;
  lacks: readonly CountDimension[];
}

/** Cheapest first: the coarser the table, the fewer rows it has. */
const countTables: readonly TrendTable[] = [
  {
    name: 'request_counts_1h',
    resolution: 3_600,
    lacks: ['api_key', 'region', 'endpoint', 'status'],
  },
  { name: 'request_counts_1m', resolution: 60, lacks: ['endpoint', 'status'] },
  { name: 'request_counts', resolution: 10, lacks: [] },
];

/** A table and how many days it keeps. */
export type KeptTable = TrendTable & { keptDays: number };

/** The tables, cheapest first, with the number of days that each keeps. */
export function keptTables(retention: Retention = toRetention(defaultRetention)): readonly KeptTable[] {
  return countTables.map((table) => ({
    ...table,
    keptDays: retention[table.name] ?? Number.POSITIVE_INFINITY,
  }));
}

const outcomeDimensions: ReadonlySet<CountDimension> = new Set(['class', 'subclass', 'status']);
const goodSteps = [10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800];
const MAX_STEPS = 10_000;
const DAY = 86_400;

/** Chooses the cheapest table that has the dimensions, the step and the range; throws `TrendError` when none has. */
export function planTrends(request: TrendRequest): TrendPlan {
  const { since, until, now } = request;
  if (until <= since) throw new TrendError('to', 'the range is empty: its end is not after its start');
  const by = unique(request.by.map(toDimension));
  const where = planFilters(request.where);
  const step = checkStep(request.step, until - since);
  const needed = unique([...by, ...where.map(({ dimension }) => dimension)]);
  const table = chooseTable(needed, step, request);
  const chosenStep = step ?? defaultStep(until - since, table.resolution);
  const from = floorTo(since, table.resolution);
  const to = ceilTo(until, table.resolution);
  // The last interval may still be running, so the window before is only as long as the time that has passed.
  const elapsed = Math.max(table.resolution, Math.min(to, ceilTo(now, table.resolution)) - from);
  return {
    table: table.name,
    resolution: table.resolution,
    step: chosenStep,
    from,
    to,
    previousFrom: isKept(table, from - elapsed, now) ? from - elapsed : null,
    by,
    scopeBy: by.filter((dimension) => !outcomeDimensions.has(dimension)),
    where,
  };
}

/** Filters with checked names; throws `TrendError`. */
export function planFilters(filters: readonly TrendFilter[]): TrendPlan['where'] {
  return filters.map((filter) => ({ ...filter, dimension: toDimension(filter.dimension) }));
}

/** True for dimensions that say how a request ended: `class`, `subclass`, `status`. */
export function isOutcome(dimension: CountDimension): boolean {
  return outcomeDimensions.has(dimension);
}

/** The start of each step of the plan, epoch seconds, ascending. Each is a multiple of the step's length. */
export function stepStarts({ from, to, step }: Pick<TrendPlan, 'from' | 'to' | 'step'>): readonly number[] {
  const first = floorTo(from, step);
  return Array.from({ length: Math.ceil((to - first) / step) }, (_, i) => first + i * step);
}

/** Finds a dimension by its name; throws `TrendError`. */
export function toDimension(name: string): CountDimension {
  // Incidents call the fingerprint `key`.
  const wanted = name === 'key' ? 'api_key' : name;
  const found = countDimensions.find((dimension) => dimension === wanted);
  if (found === undefined) {
    throw new TrendError(
      null,
      `${JSON.stringify(name)} is not a dimension; use one of ${countDimensions.join(', ')}`,
    );
  }
  return found;
}

function checkStep(step: number | null, length: number): number | null {
  if (step === null) return null;
  if (step < 10 || step % 10 !== 0) {
    throw new TrendError(
      'step',
      `a step of ${words(step)} is not possible: counts are kept per 10 s, use a multiple of it`,
    );
  }
  if (length / step > MAX_STEPS) {
    const least = goodSteps.find((good) => length / good <= MAX_STEPS) ?? DAY * 7;
    throw new TrendError(
      'step',
      `a step of ${words(step)} gives over ${MAX_STEPS} steps; use ${words(least)} or more`,
    );
  }
  return step;
}

function chooseTable(
  needed: readonly CountDimension[],
  step: number | null,
  request: TrendRequest,
): KeptTable {
  const { since, until, now } = request;
  const tables = keptTables(request.retention);
  const able = tables.filter(({ lacks }) => !needed.some((dimension) => lacks.includes(dimension)));
  const kept = able.filter((table) => isKept(table, since, now));
  const finest = kept.at(-1);
  if (finest === undefined) throw new TrendError('from', tooOld(needed, able[0]?.keptDays ?? 0));
  const wanted = step ?? defaultStep(until - since, finest.resolution);
  const fitting = kept.filter(({ resolution }) => wanted % resolution === 0);
  if (fitting.length === 0) {
    const [days, least] = [keptFor(tables, wanted), words(finest.resolution)];
    throw new TrendError(
      'from',
      `counts per ${words(wanted)} are kept for ${days} days; use a later start, or a step of ${least} or a multiple of it`,
    );
  }
  const exact = fitting.filter(({ resolution }) => isExact(resolution, request));
  const withPrevious = exact.find((table) => isKept(table, since - (until - since), now));
  return withPrevious ?? exact[0] ?? fitting.at(-1) ?? finest;
}

/** Whether the intervals of the table widen the range by at most a hundredth. */
function isExact(resolution: number, { since, until, now }: TrendRequest): boolean {
  const before = since - floorTo(since, resolution);
  const after = until >= now ? 0 : ceilTo(until, resolution) - until;
  return before + after <= (until - since) / 100;
}

/**
 * True while a table still has all counts from this time on. A table keeps its counts a day longer than its retention,
 * because only whole days or months are deleted.
 */
export function isKept({ keptDays }: KeptTable, from: number, now: number): boolean {
  return from >= now - (keptDays + 1) * DAY;
}

function tooOld(needed: readonly CountDimension[], keptDays: number): string {
  const culprits = needed.filter((dimension) => countTables[0]?.lacks.includes(dimension));
  if (culprits.length === 0) return `counts are kept for ${keptDays} days; ask for a later start`;
  return `counts by ${culprits.join(', ')} are kept for ${keptDays} days; ask for a later start or leave ${culprits.length === 1 ? 'it' : 'them'} out`;
}

function keptFor(tables: readonly KeptTable[], step: number): number {
  return tables.find(({ resolution }) => step % resolution === 0)?.keptDays ?? 0;
}

function defaultStep(length: number, resolution: number): number {
  const fits = (step: number) => step % resolution === 0 && length / step <= 60;
  return goodSteps.find(fits) ?? ceilTo(Math.ceil(length / 60), DAY);
}

function words(seconds: number): string {
  if (seconds % DAY === 0) return `${seconds / DAY}d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function floorTo(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

function ceilTo(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
