import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import { type MoreMeasure, moreMeasures } from '../store/queries/count-measures.ts';

/** Largest count that a row can hold; larger counts are stored as this one. */
const MOST = 0xffff_ffff;
const FIRST_CAPACITY = 16;
/** Memory that an array takes besides its numbers: about this many bytes. */
const ARRAY_BYTES = 200;
/** Growth factor of the arrays. It is small so that little memory stays empty. */
const GROWTH = 1.15;

/**
 * An array in the narrowest number type that holds all its values. Most counts of 10 s are below 256, and then a number
 * takes one byte instead of eight.
 */
export type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/**
 * Rows of counts as parallel arrays of numbers, in order of time. A row takes 4 bytes when counts are small; measures
 * that are always zero take nothing. Objects would take about thirty times as much memory and slow down the garbage
 * collector.
 */
export class CountColumns {
  length = 0;
  /** Start of the first interval, epoch seconds. */
  #begin = 0;
  /** Number of intervals from `#begin` to the row: an hour of them fits into two bytes. */
  #intervals: NumberColumn;
  /** Number of the combination of dimensions. */
  which: NumberColumn;
  requests: NumberColumn;
  retries: NumberColumn | null = null;
  useless_retries: NumberColumn | null = null;
  input_tokens: NumberColumn | null = null;
  cost_usd: NumberColumn | null = null;
  /** Measures that only some kinds ask for; NaN: unknown. */
  readonly more = new Map<MoreMeasure, Float64Array<ArrayBuffer>>();

  /** `capacity`: number of rows that fit before the arrays grow. */
  constructor(capacity = FIRST_CAPACITY) {
    this.#intervals = new Uint8Array(capacity);
    this.which = new Uint8Array(capacity);
    this.requests = new Uint8Array(capacity);
  }

  /** Start of the interval of a row, epoch seconds. */
  ts(at: number): number {
    return this.#begin + (this.#intervals[at] ?? 0) * COUNT_INTERVAL_SECONDS;
  }

  /**
   * Adds a row and returns its index. The row must not be before the last one. Its measures are 0 until `add` is
   * called.
   */
  push(ts: number, which: number): number {
    if (this.length === this.#capacity) this.#resize(Math.ceil(this.length * GROWTH) + FIRST_CAPACITY);
    if (this.length === 0) this.#begin = ts;
    const at = this.length++;
    this.#intervals = put(this.#intervals, at, (ts - this.#begin) / COUNT_INTERVAL_SECONDS);
    this.which = put(this.which, at, which);
    this.requests[at] = 0;
    if (this.retries !== null) this.retries[at] = 0;
    if (this.useless_retries !== null) this.useless_retries[at] = 0;
    if (this.input_tokens !== null) this.input_tokens[at] = 0;
    if (this.cost_usd !== null) this.cost_usd[at] = 0;
    for (const column of this.more.values()) column[at] = Number.NaN;
    return at;
  }

  /** Makes room for this many more rows. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.#capacity) this.#resize(Math.max(needed, Math.ceil(this.length * GROWTH)));
  }

  /** Adds to the measures of a row. `usd` is the cost of failures. */
  add(at: number, requests: number, retries: number, useless: number, tokens: number, usd: number): void {
    this.requests = put(this.requests, at, Math.min(MOST, (this.requests[at] ?? 0) + requests));
    if (retries > 0) {
      const column = this.retries ?? this.#zeros();
      this.retries = put(column, at, Math.min(MOST, (column[at] ?? 0) + retries));
    }
    if (useless > 0) {
      const column = this.useless_retries ?? this.#zeros();
      this.useless_retries = put(column, at, Math.min(MOST, (column[at] ?? 0) + useless));
    }
    if (tokens > 0) {
      const column = this.input_tokens ?? this.#zeros();
      this.input_tokens = put(column, at, (column[at] ?? 0) + tokens);
    }
    if (usd > 0) {
      const column = this.cost_usd ?? this.#zeros();
      this.cost_usd = put(column, at, (column[at] ?? 0) + usd);
    }
  }

  /** Merges a value of a rarer measure into a row, by the rule in `moreMeasures`. */
  addMore(at: number, name: MoreMeasure, value: number): void {
    if (Number.isNaN(value)) return;
    let column = this.more.get(name);
    if (column === undefined)
      this.more.set(name, (column = new Float64Array(this.#capacity).fill(Number.NaN)));
    column[at] = merged(name, column[at] ?? Number.NaN, value);
  }

  /** Adds the measures of a row of other columns to a row. */
  addFrom(at: number, other: CountColumns, from: number): void {
    this.add(
      at,
      other.requests[from] ?? 0,
      other.retries?.[from] ?? 0,
      other.useless_retries?.[from] ?? 0,
      other.input_tokens?.[from] ?? 0,
      other.cost_usd?.[from] ?? 0,
    );
    for (const [name, column] of other.more) this.addMore(at, name, column[from] ?? Number.NaN);
  }

  /** Removes the first `count` rows. */
  dropFirst(count: number): void {
    const passed = this.#intervals[count] ?? 0;
    if (count < this.length) this.#begin = this.ts(count);
    for (const column of this.#columns()) column.copyWithin(0, count, this.length);
    this.length -= count;
    for (let i = 0; i < this.length; i++) this.#intervals[i] = (this.#intervals[i] ?? 0) - passed;
  }

  /** Approximate size in bytes. */
  get bytes(): number {
    return this.#columns().reduce((sum, column) => sum + column.byteLength + ARRAY_BYTES, 0);
  }

  /** Index of the first row at or after a time. Rows are in order of time. */
  lowerBound(ts: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ts(middle) < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #zeros(): NumberColumn {
    return new Uint8Array(this.#capacity);
  }

  get #capacity(): number {
    return this.which.length;
  }

  #columns(): NumberColumn[] {
    const { which, requests, retries, useless_retries, input_tokens, cost_usd } = this;
    return [
      this.#intervals,
      which,
      requests,
      retries,
      useless_retries,
      input_tokens,
      cost_usd,
      ...this.more.values(),
    ].filter((column) => column !== null);
  }

  #resize(capacity: number): void {
    this.#intervals = resized(this.#intervals, capacity);
    this.which = resized(this.which, capacity);
    this.requests = resized(this.requests, capacity);
    this.retries &&= resized(this.retries, capacity);
    this.useless_retries &&= resized(this.useless_retries, capacity);
    this.input_tokens &&= resized(this.input_tokens, capacity);
    this.cost_usd &&= resized(this.cost_usd, capacity);
    for (const [name, column] of this.more) {
      const larger = new Float64Array(capacity);
      larger.set(column);
      this.more.set(name, larger);
    }
  }
}

/** Stores a number (0 or more) and returns the column; returns a wider one if the number does not fit. */
function put(column: NumberColumn, at: number, value: number): NumberColumn {
  column[at] = value;
  if (column[at] === value) return column;
  const { length } = column;
  const isWhole = Number.isInteger(value);
  const wider =
    isWhole && value <= 0xffff
      ? new Uint16Array(length)
      : isWhole && value <= MOST
        ? new Uint32Array(length)
        : new Float64Array(length);
  wider.set(column);
  wider[at] = value;
  return wider;
}

function resized(column: NumberColumn, capacity: number): NumberColumn {
  const larger =
    column instanceof Uint8Array
      ? new Uint8Array(capacity)
      : column instanceof Uint16Array
        ? new Uint16Array(capacity)
        : column instanceof Uint32Array
          ? new Uint32Array(capacity)
          : new Float64Array(capacity);
  larger.set(column);
  return larger;
}

/** Merges two values of a measure; NaN means no value. */
export function merged(name: MoreMeasure, one: number, other: number): number {
  if (Number.isNaN(one)) return other;
  if (Number.isNaN(other)) return one;
  const { merge } = moreMeasures[name];
  return merge === 'sum' ? one + other : merge === 'min' ? Math.min(one, other) : Math.max(one, other);
}
