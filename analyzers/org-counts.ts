import { CountColumns } from './count-columns.ts';
import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { BlockDimension, CountBlock } from '../store/queries/count-block.ts';
import { type MoreMeasure, moreMeasures } from '../store/queries/count-measures.ts';
import { type Combination, type CountSum, View } from './view.ts';

/** Consecutive rows of a block. */
export interface RowRange {
  from: number;
  to: number;
}

/** The dimensions of the counts in the window, in the order in which they are read. */
export const windowDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'class',
  'subclass',
] as const satisfies readonly BlockDimension[];
/**
 * Dimensions that are dropped when an organization has more combinations than memory allows; the counts are then summed
 * over their values.
 */
export const finestDimensions = ['api_key', 'client', 'region'] as const;
/** The dimensions that remain when `finestDimensions` are dropped. */
export const coarseDimensions = ['provider', 'org', 'project', 'model', 'class', 'subclass'] as const;

const allMeasures = Object.keys(moreMeasures) as MoreMeasure[];

/** Memory that a combination takes besides its rows: about this many bytes. */
const COMBINATION_BYTES = 320;
/** Combinations without rows are forgotten when there are this many more combinations than rows. */
const SPARE_COMBINATIONS = 64;

/**
 * The counts of one organization at one provider. Rows are in order of time, and within one interval in the order of
 * arrival.
 */
export class OrgCounts {
  readonly provider: string;
  readonly org: string;
  /** True when the counts are summed over keys, clients and regions; these columns are then empty. */
  isCoarse = false;
  columns = new CountColumns();
  /** Index of the first row that is still valid; earlier ones are dropped but not yet removed. */
  begin = 0;
  combinations: Combination[] = [];
  readonly classes = new Set<Combination['class']>();
  #numbers = new Map<string, number>();
  #lastNumber = 0;
  /** For each combination, by number, the combination that came after it last time. */
  #nextNumbers: number[] = [];

  /** `rows`: number of rows that will be added at first, if it is known. */
  constructor(provider: string, org: string, rows = 0) {
    this.provider = provider;
    this.org = org;
    this.columns.reserve(rows);
  }

  /** The counts of two organizations in order of time, under the names of the first. */
  static together(first: OrgCounts, second: OrgCounts): OrgCounts {
    const both = new OrgCounts(first.provider, first.org);
    both.isCoarse = first.isCoarse || second.isCoarse;
    const place = both.isCoarse
      ? inOneInterval(both.columns)
      : (ts: number, which: number) => both.columns.push(ts, which);
    const parts = [first, second].map(({ columns, begin, combinations }) => ({
      columns,
      next: begin,
      numbers: combinations.map((combination) => both.#numberOfNames(combination)),
    }));
    const timeOf = ({ columns, next }: (typeof parts)[number]): number =>
      next < columns.length ? columns.ts(next) : Infinity;
    for (;;) {
      const part = parts.reduce((one, other) => (timeOf(other) < timeOf(one) ? other : one));
      if (part.next >= part.columns.length) return both;
      const number = part.numbers[part.columns.which[part.next] ?? 0] ?? 0;
      both.columns.addFrom(place(timeOf(part), number), part.columns, part.next++);
    }
  }

  /** The counts in `[from, to)`, epoch seconds. */
  between(from: number, to: number): View {
    return new View(this, this.begin, this.columns.length, null).between(from, to);
  }

  /** The counts of some combinations; `mask` has a 1 at the number of each of these. */
  part(from: number, to: number, mask: Uint8Array): View {
    return new View(this, this.begin, this.columns.length, mask).between(from, to);
  }

  /** False when no row has a value of the measure. */
  has(measure: MoreMeasure): boolean {
    return this.columns.more.has(measure);
  }

  /** All counts as objects; expensive when there are many. */
  get rows(): CountSum[] {
    return new View(this, this.begin, this.columns.length, null).rows();
  }

  get isEmpty(): boolean {
    return this.begin === this.columns.length;
  }

  /** Approximate size in bytes. */
  get bytes(): number {
    return this.columns.bytes + this.combinations.length * COMBINATION_BYTES;
  }

  /** Adds a row; it must not be before the last one. */
  append(row: Omit<CountSum, 'provider' | 'org'>, more: Partial<Record<MoreMeasure, number>> = {}): void {
    const at = this.columns.push(row.ts, this.#numberOfNames(row));
    const { requests, retries, useless_retries, input_tokens, cost_usd } = row;
    this.columns.add(at, requests, retries, useless_retries, input_tokens, cost_usd);
    for (const name of allMeasures) this.columns.addMore(at, name, more[name] ?? Number.NaN);
  }

  /** Replaces all rows of these intervals (their starts, epoch seconds) by rows of the block. */
  replace(intervals: ReadonlySet<number>, block: CountBlock, spans: readonly RowRange[]): void {
    if (this.#areAllAfter(intervals)) {
      this.add(block, spans);
      return;
    }
    const fresh = new CountColumns();
    this.#addInOrder(block, spans, fresh);
    const old = this.columns;
    const merged = new CountColumns();
    let next = 0;
    for (let i = this.begin; i < old.length; i++) {
      const ts = old.ts(i);
      if (intervals.has(ts)) continue;
      for (; next < fresh.length && fresh.ts(next) < ts; next++) copyRow(fresh, next, merged);
      copyRow(old, i, merged);
    }
    for (; next < fresh.length; next++) copyRow(fresh, next, merged);
    this.columns = merged;
    this.begin = 0;
  }

  /** Adds rows of the block. They must be later than all present rows, or in the same interval as the last one. */
  add(block: CountBlock, spans: readonly RowRange[]): void {
    if (spans.length > 0) this.#addInOrder(block, spans, this.columns);
  }

  /** True when all intervals come after the last row, as is usual. */
  #areAllAfter(intervals: ReadonlySet<number>): boolean {
    const { columns, begin } = this;
    const last = columns.length > begin ? columns.ts(columns.length - 1) : -1;
    for (const ts of intervals) if (ts <= last) return false;
    return true;
  }

  /** Forgets the rows before a time, epoch seconds. */
  dropBefore(ts: number): void {
    this.begin = Math.max(this.begin, this.columns.lowerBound(ts));
    // Dropped rows are removed from memory only when they are at least an eighth of all rows, because removing them
    // moves all others.
    if (this.begin * 8 < this.columns.length) return;
    this.columns.dropFirst(this.begin);
    this.begin = 0;
    if (this.combinations.length > 2 * this.columns.length + SPARE_COMBINATIONS) this.#rebuild();
  }

  /** Sums the counts over keys, clients and regions. Rows that are added later are summed, too. */
  makeCoarse(): void {
    this.isCoarse = true;
    this.#rebuild();
  }

  #rebuild(): void {
    const { columns: old, combinations, begin } = this;
    this.columns = new CountColumns();
    this.combinations = [];
    this.classes.clear();
    this.#lastNumber = 0;
    this.#nextNumbers = [];
    this.#numbers = new Map();
    this.begin = 0;
    const place = inOneInterval(this.columns);
    for (let i = begin; i < old.length; i++) {
      const combination = combinations[old.which[i] ?? 0];
      if (combination !== undefined)
        this.columns.addFrom(place(old.ts(i), this.#numberOfNames(combination)), old, i);
    }
  }

  /**
   * Adds rows of the block to `ordered`: in order of time, and within an interval in the order of arrival. In a coarse
   * organization, rows of one interval and combination are summed.
   */
  #addInOrder(block: CountBlock, spans: readonly RowRange[], ordered: CountColumns): void {
    const { ts, series } = block;
    // The rows of a block are separated by all dimensions. A coarse organization has to look up where a row belongs.
    const place = this.isCoarse
      ? inOneInterval(ordered)
      : (at: number, which: number) => ordered.push(at, which);
    const numbers = new Map<number, number>();
    let last = -1;
    let number = 0;
    const numberAt = (row: number): number => {
      const own = series[row] ?? 0;
      if (own === last) return number;
      last = own;
      const known = numbers.get(own);
      if (known !== undefined) return (number = known);
      number = this.#numberAt(block, row);
      numbers.set(own, number);
      return number;
    };
    if (areOfOneInterval(ts, spans)) {
      for (const { from, to } of spans)
        for (let row = from; row < to; row++)
          addOf(block, row, ordered, place(ts[row] ?? 0, this.#numberAt(block, row)));
      return;
    }
    // Combinations are numbered in the order of the block, so that its first combination has the first number.
    for (const { from, to } of spans) for (let row = from; row < to; row++) numberAt(row);
    const rows = rowsByTime(ts, spans);
    ordered.reserve(rows.length);
    for (const row of rows) addOf(block, row, ordered, place(ts[row] ?? 0, numberAt(row)));
  }

  #numberAt(block: CountBlock, row: number): number {
    const isCoarse = this.isCoarse;
    return this.#numberOf(
      block.texts.project.at(row),
      isCoarse ? '' : block.texts.api_key.at(row),
      isCoarse ? '' : block.texts.client.at(row),
      isCoarse ? '' : block.texts.region.at(row),
      block.texts.model.at(row),
      block.classAt(row),
      block.texts.subclass.at(row),
    );
  }

  #numberOf(
    project: string,
    apiKey: string,
    client: string,
    region: string,
    model: string,
    name: Combination['class'],
    subclass: string,
  ): number {
    // Rows come in the same order each time, so the combination is usually the one that came here last time.
    const likely = this.#nextNumbers[this.#lastNumber] ?? 0;
    const next = this.combinations[likely];
    if (
      next !== undefined &&
      next.client === client &&
      next.api_key === apiKey &&
      next.project === project &&
      next.model === model &&
      next.class === name &&
      next.region === region &&
      next.subclass === subclass
    )
      return (this.#lastNumber = likely);
    const key = `${project}\n${apiKey}\n${client}\n${region}\n${model}\n${name}\n${subclass}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.combinations.length;
      this.classes.add(name);
      this.combinations.push({ project, api_key: apiKey, client, region, model, class: name, subclass });
      this.#numbers.set(key, number);
    }
    this.#nextNumbers[this.#lastNumber] = number;
    return (this.#lastNumber = number);
  }

  #numberOfNames({ project, api_key, client, region, model, class: name, subclass }: Combination): number {
    return this.isCoarse
      ? this.#numberOf(project, '', '', '', model, name, subclass)
      : this.#numberOf(project, api_key, client, region, model, name, subclass);
  }
}

/** Adds the measures of one row of a block to a row of the columns. */
function addOf(block: CountBlock, row: number, columns: CountColumns, at: number): void {
  const { requests, retries, useless_retries: useless, input_tokens: tokens, cost_usd: usd, more } = block;
  columns.add(at, requests[row] ?? 0, retries[row] ?? 0, useless[row] ?? 0, tokens[row] ?? 0, usd[row] ?? 0);
  for (const [name, values] of more) columns.addMore(at, name, values[row] ?? Number.NaN);
}

/**
 * Returns a function that finds the place for a row. Rows must come in order of time; rows of one interval and
 * combination get the same place.
 */
function inOneInterval(columns: CountColumns): (ts: number, which: number) => number {
  const places = new Map<number, number>();
  let interval = -1;
  return (ts, which) => {
    if (ts !== interval) places.clear();
    interval = ts;
    let place = places.get(which);
    if (place === undefined) places.set(which, (place = columns.push(ts, which)));
    return place;
  };
}

function areOfOneInterval(ts: Float64Array, spans: readonly RowRange[]): boolean {
  const first = ts[spans[0]?.from ?? 0];
  for (const { from, to } of spans) for (let row = from; row < to; row++) if (ts[row] !== first) return false;
  return true;
}

/** Sorts rows by time and keeps the order within an interval (counting sort). */
function rowsByTime(ts: Float64Array, spans: readonly RowRange[]): Uint32Array {
  let first = Infinity;
  let last = 0;
  let count = 0;
  for (const { from, to } of spans) {
    count += to - from;
    for (let row = from; row < to; row++) {
      const time = ts[row] ?? 0;
      if (time < first) first = time;
      if (time > last) last = time;
    }
  }
  if (count === 0) return new Uint32Array(0);
  const intervalOf = (row: number): number => ((ts[row] ?? 0) - first) / COUNT_INTERVAL_SECONDS;
  const next = new Uint32Array((last - first) / COUNT_INTERVAL_SECONDS + 2);
  for (const { from, to } of spans)
    for (let row = from; row < to; row++) next[intervalOf(row) + 1] = (next[intervalOf(row) + 1] ?? 0) + 1;
  for (let i = 1; i < next.length; i++) next[i] = (next[i] ?? 0) + (next[i - 1] ?? 0);
  const rows = new Uint32Array(count);
  for (const { from, to } of spans)
    for (let row = from; row < to; row++) {
      const place = next[intervalOf(row)] ?? 0;
      next[intervalOf(row)] = place + 1;
      rows[place] = row;
    }
  return rows;
}

function copyRow(from: CountColumns, at: number, to: CountColumns): void {
  to.addFrom(to.push(from.ts(at), from.which[at] ?? 0), from, at);
}
