import { type MoreMeasure, moreMeasures } from '../store/queries/count-sums.ts';

/** The most that a count of one row can be; larger ones stay at it. */
const MOST = 0xffff_ffff;
const FIRST_CAPACITY = 64;
/** Arrays grow by this much: little of them is empty, and an eighth that is over is dropped before they grow again. */
const GROWTH = 1.15;

type Numbers = Uint32Array | Float64Array;

/**
 * Rows of counts as parallel arrays of numbers: 12 bytes a row, and more only for what is not zero throughout. As
 * objects they would take ten times as much, and the garbage collector would walk through them.
 */
export class CountColumns {
  length = 0;
  /** Start of the interval, epoch seconds. */
  ts: Uint32Array<ArrayBuffer>;
  /** Number of the combination of dimensions. */
  which: Uint32Array<ArrayBuffer>;
  requests: Uint32Array<ArrayBuffer>;
  retries: Uint32Array | null = null;
  useless_retries: Uint32Array | null = null;
  input_tokens: Float64Array | null = null;
  cost_usd: Float64Array | null = null;
  /** Measures that somebody asked for; NaN where nothing is known. */
  readonly more = new Map<MoreMeasure, Float64Array<ArrayBuffer>>();

  /** With room for so many rows at first. */
  constructor(capacity = FIRST_CAPACITY) {
    this.ts = new Uint32Array(capacity);
    this.which = new Uint32Array(capacity);
    this.requests = new Uint32Array(capacity);
  }

  /** Adds a row, whose measures are 0 until `add` is called. */
  push(ts: number, which: number): number {
    if (this.length === this.ts.length) this.#resize(Math.ceil(this.length * GROWTH) + FIRST_CAPACITY);
    const at = this.length++;
    this.ts[at] = ts;
    this.which[at] = which;
    this.requests[at] = 0;
    if (this.retries !== null) this.retries[at] = 0;
    if (this.useless_retries !== null) this.useless_retries[at] = 0;
    if (this.input_tokens !== null) this.input_tokens[at] = 0;
    if (this.cost_usd !== null) this.cost_usd[at] = 0;
    for (const column of this.more.values()) column[at] = Number.NaN;
    return at;
  }

  /** Adds to the measures of a row; costs are those of failures. */
  add(at: number, requests: number, retries: number, useless: number, tokens: number, usd: number): void {
    this.requests[at] = Math.min(MOST, (this.requests[at] ?? 0) + requests);
    if (retries > 0) {
      this.retries ??= new Uint32Array(this.ts.length);
      this.retries[at] = Math.min(MOST, (this.retries[at] ?? 0) + retries);
    }
    if (useless > 0) {
      this.useless_retries ??= new Uint32Array(this.ts.length);
      this.useless_retries[at] = Math.min(MOST, (this.useless_retries[at] ?? 0) + useless);
    }
    if (tokens > 0) {
      this.input_tokens ??= new Float64Array(this.ts.length);
      this.input_tokens[at] = (this.input_tokens[at] ?? 0) + tokens;
    }
    if (usd > 0) {
      this.cost_usd ??= new Float64Array(this.ts.length);
      this.cost_usd[at] = (this.cost_usd[at] ?? 0) + usd;
    }
  }

  /** Merges a value of such a measure into a row, as `moreMeasures` says. */
  addMore(at: number, name: MoreMeasure, value: number): void {
    if (Number.isNaN(value)) return;
    let column = this.more.get(name);
    if (column === undefined)
      this.more.set(name, (column = new Float64Array(this.ts.length).fill(Number.NaN)));
    column[at] = merged(name, column[at] ?? Number.NaN, value);
  }

  /** Adds the measures of a row of other columns. */
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

  /** Takes away the first rows. */
  dropFirst(count: number): void {
    for (const column of this.#columns()) column.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.#columns().reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** Index of the first row at or after a time; rows stand in order of time. */
  lowerBound(ts: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ts[middle] ?? ts) < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #columns(): Numbers[] {
    const { ts, which, requests, retries, useless_retries, input_tokens, cost_usd } = this;
    return [
      ts,
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
    const counts = (column: Uint32Array): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(capacity);
      larger.set(column);
      return larger;
    };
    const amounts = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(capacity);
      larger.set(column);
      return larger;
    };
    this.ts = counts(this.ts);
    this.which = counts(this.which);
    this.requests = counts(this.requests);
    if (this.retries !== null) this.retries = counts(this.retries);
    if (this.useless_retries !== null) this.useless_retries = counts(this.useless_retries);
    if (this.input_tokens !== null) this.input_tokens = amounts(this.input_tokens);
    if (this.cost_usd !== null) this.cost_usd = amounts(this.cost_usd);
    for (const [name, column] of this.more) this.more.set(name, amounts(column));
  }
}

/** Two values of a measure as one; NaN is none. */
export function merged(name: MoreMeasure, one: number, other: number): number {
  if (Number.isNaN(one)) return other;
  if (Number.isNaN(other)) return one;
  const { merge } = moreMeasures[name];
  return merge === 'sum' ? one + other : merge === 'min' ? Math.min(one, other) : Math.max(one, other);
}
