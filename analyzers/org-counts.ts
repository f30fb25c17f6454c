import { CountColumns } from './count-columns.ts';
import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { CountSeries } from '../store/queries/count-series.ts';
import { type MoreMeasure, moreMeasures, type SumSeries } from '../store/queries/count-sums.ts';
import { type Combination, type CountSum, View } from './view.ts';

/** Counts of one combination, as they are read. */
export type Series = Combination & Omit<CountSeries, 'provider' | 'org'> & Partial<Pick<SumSeries, 'more'>>;

/** What is summed up where an organization has more combinations than there is memory for. */
export const finestDimensions = ['api_key', 'client', 'region'] as const;

const allMeasures = Object.keys(moreMeasures) as MoreMeasure[];

/** Bytes that a combination takes beside its rows, about. */
const COMBINATION_BYTES = 320;
/** So many more combinations than rows are kept before those without rows are forgotten. */
const SPARE_COMBINATIONS = 64;

/** The counts of one organization at one provider, in order of time; within an interval as they came. */
export class OrgCounts {
  readonly provider: string;
  readonly org: string;
  /** True when keys, clients and regions are summed up and empty. */
  isCoarse = false;
  columns = new CountColumns();
  /** Rows before this one are dropped. */
  begin = 0;
  combinations: Combination[] = [];
  /** Classes of the combinations. */
  readonly classes = new Set<Combination['class']>();
  #numbers = new Map<string, number>();
  #lastNumber = -1;

  constructor(provider: string, org: string) {
    this.provider = provider;
    this.org = org;
  }

  /** The counts in `[from, to)`, epoch seconds. */
  between(from: number, to: number): View {
    return new View(this, this.begin, this.columns.length, null).between(from, to);
  }

  /** All counts, as objects: dear for many. */
  get rows(): CountSum[] {
    return new View(this, this.begin, this.columns.length, null).rows();
  }

  /** Size in bytes, about. */
  get bytes(): number {
    return this.columns.bytes + this.combinations.length * COMBINATION_BYTES;
  }

  /** Adds a row that is not before the last one. */
  append(row: Omit<CountSum, 'provider' | 'org'>, more: Partial<Record<MoreMeasure, number>> = {}): void {
    const at = this.columns.push(row.ts, this.#numberOf(row));
    const { requests, retries, useless_retries, input_tokens, cost_usd } = row;
    this.columns.add(at, requests, retries, useless_retries, input_tokens, cost_usd);
    for (const name of allMeasures) this.columns.addMore(at, name, more[name] ?? Number.NaN);
  }

  /** Puts the series in place of all there is in these intervals (their starts, epoch seconds). */
  replace(intervals: ReadonlySet<number>, series: readonly Series[]): void {
    if (this.#areAllAfter(intervals)) {
      this.#addInOrder(series, this.columns);
      return;
    }
    const fresh = new CountColumns();
    this.#addInOrder(series, fresh);
    const old = this.columns;
    const merged = new CountColumns();
    let next = 0;
    for (let i = this.begin; i < old.length; i++) {
      const ts = old.ts[i] ?? 0;
      if (intervals.has(ts)) continue;
      for (; next < fresh.length && (fresh.ts[next] ?? 0) < ts; next++) copyRow(fresh, next, merged);
      copyRow(old, i, merged);
    }
    for (; next < fresh.length; next++) copyRow(fresh, next, merged);
    this.columns = merged;
    this.begin = 0;
  }

  /** True for intervals after the last one, as most are. */
  #areAllAfter(intervals: ReadonlySet<number>): boolean {
    const { columns, begin } = this;
    const last = columns.length > begin ? (columns.ts[columns.length - 1] ?? 0) : -1;
    for (const ts of intervals) if (ts <= last) return false;
    return true;
  }

  /** Forgets what is before a time. */
  dropBefore(ts: number): void {
    this.begin = Math.max(this.begin, this.columns.lowerBound(ts));
    // Moving the rest costs more than the rows that are over take room.
    if (this.begin * 8 < this.columns.length) return;
    this.columns.dropFirst(this.begin);
    this.begin = 0;
    if (this.combinations.length > 2 * this.columns.length + SPARE_COMBINATIONS) this.#rebuild();
  }

  /** Sums up keys, clients and regions, from now on too. */
  makeCoarse(): void {
    this.isCoarse = true;
    this.#rebuild();
  }

  #rebuild(): void {
    const { columns: old, combinations, begin } = this;
    this.columns = new CountColumns();
    this.combinations = [];
    this.classes.clear();
    this.#lastNumber = -1;
    this.#numbers = new Map();
    this.begin = 0;
    const place = inOneInterval(this.columns);
    for (let i = begin; i < old.length; i++) {
      const combination = combinations[old.which[i] ?? 0];
      if (combination !== undefined)
        this.columns.addFrom(place(old.ts[i] ?? 0, this.#numberOf(combination)), old, i);
    }
  }

  /** The series in order of time, within an interval in their own; equal combinations of an interval are summed. */
  #addInOrder(series: readonly Series[], ordered: CountColumns): void {
    const place = inOneInterval(ordered);
    if (areOfOneInterval(series)) {
      for (const one of series) {
        const which = this.#numberOf(one);
        for (let i = 0; i < one.ts.length; i++) addOf(one, i, ordered, place(one.ts[i] ?? 0, which));
      }
      return;
    }
    const entries = entriesByTime(series);
    ordered.reserve(entries.length / 2);
    const numbers = series.map((one) => this.#numberOf(one));
    for (let n = 0; n < entries.length; n += 2) {
      const s = entries[n] ?? 0;
      const i = entries[n + 1] ?? 0;
      const one = series[s];
      if (one === undefined) continue;
      const at = place(one.ts[i] ?? 0, numbers[s] ?? 0);
      addOf(one, i, ordered, at);
    }
  }

  #numberOf(given: Combination): number {
    const { project, model, subclass } = given;
    const [apiKey, client, region] = this.isCoarse
      ? ['', '', '']
      : [given.api_key, given.client, given.region];
    // Series come in the same order each time: most often it is the one after the last.
    const next = this.combinations[this.#lastNumber + 1];
    if (
      next !== undefined &&
      next.client === client &&
      next.api_key === apiKey &&
      next.project === project &&
      next.model === model &&
      next.class === given.class &&
      next.region === region &&
      next.subclass === subclass
    )
      return ++this.#lastNumber;
    return (this.#lastNumber = this.#findNumber(
      { project, api_key: apiKey, client, region, model, subclass },
      given.class,
    ));
  }

  #findNumber(names: Omit<Combination, 'class'>, name: Combination['class']): number {
    const { project, api_key: apiKey, client, region, model, subclass } = names;
    const key = `${project}\n${apiKey}\n${client}\n${region}\n${model}\n${name}\n${subclass}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.combinations.length;
    this.classes.add(name);
    this.combinations.push({ ...names, class: name });
    this.#numbers.set(key, number);
    return number;
  }
}

/** Adds the measures of a place in a series to those of a row. */
function addOf(series: Series, i: number, columns: CountColumns, at: number): void {
  const { requests, retries, useless_retries: useless, input_tokens: tokens, cost_usd: usd, more } = series;
  columns.add(at, requests[i] ?? 0, retries[i] ?? 0, useless[i] ?? 0, tokens[i] ?? 0, usd[i] ?? 0);
  if (more === undefined) return;
  for (const name of allMeasures) {
    const value = more[name]?.[i];
    if (value !== undefined) columns.addMore(at, name, value);
  }
}

/** Places of rows that come in order of time: those of one interval and combination are one. */
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

function areOfOneInterval(series: readonly Series[]): boolean {
  const first = series[0]?.ts[0];
  for (const { ts } of series) for (const time of ts) if (time !== first) return false;
  return true;
}

/** Pairs of number of the series and place in it, by time and then by series: a counting sort. */
function entriesByTime(series: readonly Series[]): Uint32Array {
  let first = Infinity;
  let last = 0;
  let count = 0;
  for (const { ts } of series) {
    count += ts.length;
    for (const time of ts) {
      if (time < first) first = time;
      if (time > last) last = time;
    }
  }
  if (count === 0) return new Uint32Array(0);
  const intervalOf = (time: number): number => (time - first) / COUNT_INTERVAL_SECONDS;
  const next = new Uint32Array(intervalOf(last) + 2);
  for (const { ts } of series)
    for (const time of ts) next[intervalOf(time) + 1] = (next[intervalOf(time) + 1] ?? 0) + 1;
  for (let i = 1; i < next.length; i++) next[i] = (next[i] ?? 0) + (next[i - 1] ?? 0);
  const entries = new Uint32Array(2 * count);
  series.forEach(({ ts }, s) => {
    for (let i = 0; i < ts.length; i++) {
      const interval = intervalOf(ts[i] ?? 0);
      const place = next[interval] ?? 0;
      next[interval] = place + 1;
      entries[2 * place] = s;
      entries[2 * place + 1] = i;
    }
  });
  return entries;
}

function copyRow(from: CountColumns, at: number, to: CountColumns): void {
  to.addFrom(to.push(from.ts[at] ?? 0, from.which[at] ?? 0), from, at);
}
