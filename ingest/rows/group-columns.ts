import { LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';

export const BUCKETS = LATENCY_BUCKETS_MS.length + 1;
/** Lowest remaining number and highest limit, for requests and for tokens. */
export const LIMITS = 4;

const FIRST = 64;

/**
 * The numbers of groups, one array per number: objects would take several times the memory and slow garbage collection.
 * A group is an index into all arrays. Numbers that few groups have are in arrays of their own: most groups have all
 * latencies in one bucket, and no limits. A batch holds fewer than 2^32 requests, so counts need four bytes.
 */
export class GroupColumns {
  size = 0;
  /** Start of the interval, epoch seconds. */
  ts = new Uint32Array(FIRST);
  dimensionSet = new Uint32Array(FIRST);
  outcome = new Uint32Array(FIRST);
  requests = new Uint32Array(FIRST);
  retries = new Uint32Array(FIRST);
  useless = new Uint32Array(FIRST);
  input = new Float64Array(FIRST);
  output = new Float64Array(FIRST);
  cost = new Float64Array(FIRST);
  latency = new Float64Array(FIRST);
  /** The bucket of all requests of the group when it has no histogram. */
  bucket = new Uint8Array(FIRST);
  /** Number of the histogram, from 1; 0: none. */
  histogram = new Uint32Array(FIRST);
  /** Number of the limits, from 1; 0: none. */
  limited = new Uint32Array(FIRST);
  histograms = new Uint32Array(FIRST * BUCKETS);
  limits = new Float64Array(FIRST * LIMITS);
  #histograms = 0;
  #limits = 0;

  /** Bytes in use. */
  get bytes(): number {
    return this.size * GROUP_BYTES + this.#histograms * BUCKETS * 4 + this.#limits * LIMITS * 8;
  }

  /** Adds a group and returns its index. */
  add(ts: number, dimensionSet: number, outcome: number): number {
    const place = this.size++;
    if (place === this.ts.length) this.#resize(place * 2);
    this.ts[place] = ts;
    this.dimensionSet[place] = dimensionSet;
    this.outcome[place] = outcome;
    return place;
  }

  /** Adds the numbers of a group of `from` to a group of this object. */
  addFrom(place: number, from: GroupColumns, at: number): void {
    const number = from.histogram[at] ?? 0;
    const isOne = (this.requests[place] ?? 0) === 0 || this.bucket[place] === from.bucket[at];
    if (number === 0 && isOne && this.histogram[place] === 0) this.bucket[place] = from.bucket[at] ?? 0;
    else {
      const into = this.histogramAt(place);
      if (number === 0) addTo(this.histograms, into + (from.bucket[at] ?? 0), from.requests[at] ?? 0);
      else
        for (let i = 0; i < BUCKETS; i++)
          addTo(this.histograms, into + i, from.histograms[(number - 1) * BUCKETS + i] ?? 0);
    }
    addTo(this.requests, place, from.requests[at] ?? 0);
    addTo(this.retries, place, from.retries[at] ?? 0);
    addTo(this.useless, place, from.useless[at] ?? 0);
    for (const name of ['input', 'output', 'cost', 'latency'] as const)
      this[name][place] = (this[name][place] ?? 0) + (from[name][at] ?? 0);
    const limited = from.limited[at] ?? 0;
    if (limited === 0) return;
    const into = this.limitsAt(place);
    for (let i = 0; i < LIMITS; i++) {
      const value = from.limits[(limited - 1) * LIMITS + i] ?? Number.NaN;
      const known = this.limits[into + i] ?? Number.NaN;
      // The lowest remaining number and the highest limit are kept; NaN: unknown.
      const isKnown = i % 2 === 0 ? known <= value : known >= value;
      if (!Number.isNaN(value) && !isKnown) this.limits[into + i] = value;
    }
  }

  /** Where the histogram of a group starts. When the group has none, one is made from its single bucket. */
  histogramAt(place: number): number {
    const known = this.histogram[place] ?? 0;
    if (known > 0) return (known - 1) * BUCKETS;
    const at = this.#histograms++ * BUCKETS;
    if (at === this.histograms.length) this.histograms = resized(this.histograms, at * 2);
    this.histogram[place] = this.#histograms;
    this.histograms[at + (this.bucket[place] ?? 0)] = this.requests[place] ?? 0;
    return at;
  }

  /** Where the limits of a group start; NaN: unknown. */
  limitsAt(place: number): number {
    const known = this.limited[place] ?? 0;
    if (known > 0) return (known - 1) * LIMITS;
    const at = this.#limits++ * LIMITS;
    if (at === this.limits.length) this.limits = resized(this.limits, at * 2);
    this.limited[place] = this.#limits;
    this.limits.fill(Number.NaN, at, at + LIMITS);
    return at;
  }

  get histogramCount(): number {
    return this.#histograms;
  }

  get hasLimits(): boolean {
    return this.#limits > 0;
  }

  /** Frees the memory at once. The object cannot be used afterwards. */
  free(): void {
    this.#resize(0);
    this.histograms = resized(this.histograms, 0);
    this.limits = resized(this.limits, 0);
  }

  #resize(groups: number): void {
    this.ts = resized(this.ts, groups);
    this.dimensionSet = resized(this.dimensionSet, groups);
    this.outcome = resized(this.outcome, groups);
    this.requests = resized(this.requests, groups);
    this.retries = resized(this.retries, groups);
    this.useless = resized(this.useless, groups);
    this.input = resized(this.input, groups);
    this.output = resized(this.output, groups);
    this.cost = resized(this.cost, groups);
    this.latency = resized(this.latency, groups);
    this.bucket = resized(this.bucket, groups);
    this.histogram = resized(this.histogram, groups);
    this.limited = resized(this.limited, groups);
  }
}

/** Bytes per group in the arrays above and in the hash table. */
const GROUP_BYTES = 8 * 4 + 4 * 8 + 1 + 12;

type Numbers = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

function addTo(numbers: Uint32Array, place: number, amount: number): void {
  numbers[place] = (numbers[place] ?? 0) + amount;
}

/** An array of another length with the same numbers; it reuses the memory of the old one if possible. */
export function resized<Kind extends Numbers>(numbers: Kind, length: number): Kind {
  const buffer = numbers.buffer.transfer(length * numbers.BYTES_PER_ELEMENT);
  return new (numbers.constructor as new (buffer: ArrayBuffer) => Kind)(buffer);
}
