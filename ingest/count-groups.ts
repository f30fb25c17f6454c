import type { Classification } from '../domain/classification.ts';
import { COUNT_INTERVAL_SECONDS, LATENCY_BUCKETS_MS } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { RequestLog } from '../domain/request-log.ts';
import type { DayCount } from '../store/write-batch.ts';
import { type Caller, type CallerDimensions, callers } from './callers.ts';

/** What a request adds to the counts of its caller. */
export type Counted = Pick<
  RequestLog,
  | 'ts'
  | 'status'
  | 'latency_ms'
  | 'input_tokens'
  | 'output_tokens'
  | 'cost_usd'
  | 'retry_count'
  | 'rate_limit'
>;

/** What is counted of a classification, as columns hold it. */
export interface Outcome {
  class: string;
  subclass: string;
  retry: string;
}

/** Requests of one interval that agree in every dimension. */
interface Group {
  /** Start of the interval, epoch seconds. */
  readonly ts: number;
  readonly caller: Caller;
  readonly class: RequestClass;
  readonly subclass: string;
  readonly status: number;
  /** Its place among all groups. */
  readonly place: number;
  /** Another outcome of the same caller in the same interval. */
  next: Group | null;
}

const INTERVAL_MS = COUNT_INTERVAL_SECONDS * 1000;
const FIRST_GROUPS = 64;
const DAY_SECONDS = 86_400;

// Places among the sums of a group.
const REQUESTS = 0;
const RETRIES = 1;
const USELESS_RETRIES = 2;
const INPUT_TOKENS = 3;
const OUTPUT_TOKENS = 4;
const COST = 5;
const LATENCY = 6;
/** NaN: not told. */
const MIN_REMAINING_REQUESTS = 7;
const LIMIT_REQUESTS = 8;
const MIN_REMAINING_TOKENS = 9;
const LIMIT_TOKENS = 10;
const SUMS = 11;
const BUCKETS = LATENCY_BUCKETS_MS.length + 1;
/** Bytes that a group takes, about: the numbers, and the objects by which it is found. */
export const GROUP_BYTES = SUMS * 8 + BUCKETS * 4 + 150;

/** Sums by interval, caller and outcome: the rows of `request_counts` that a batch adds. */
export class CountGroups {
  /** By interval and the id of the caller. A caller has few outcomes, plain success mostly first. */
  readonly #byInterval = new Map<number, Map<number, Group>>();
  #interval = Number.NaN;
  #ofInterval = new Map<number, Group>();
  readonly #groups: Group[] = [];
  // One array for the sums of all groups: numbers in objects would be objects themselves.
  #sums = new Float64Array(FIRST_GROUPS * SUMS);
  #buckets = new Uint32Array(FIRST_GROUPS * BUCKETS);

  get size(): number {
    return this.#groups.length;
  }

  add(record: Counted, caller: Caller, judged: Classification): void {
    const { place } = this.#group(record, caller, judged);
    this.#change(place, record, judged, 1);
    if (record.rate_limit === null) return;
    const at = place * SUMS;
    const { remaining_requests, limit_requests, remaining_tokens, limit_tokens } = record.rate_limit;
    this.#keepLeast(at + MIN_REMAINING_REQUESTS, remaining_requests);
    this.#keepMost(at + LIMIT_REQUESTS, limit_requests);
    this.#keepLeast(at + MIN_REMAINING_TOKENS, remaining_tokens);
    this.#keepMost(at + LIMIT_TOKENS, limit_tokens);
  }

  /** Takes back a request that was added; the lowest headroom that it may have shown stays. */
  subtract(record: Counted, dimensions: CallerDimensions, judged: Outcome): void {
    const { fields } = callers.of(dimensions);
    const ts = Math.floor(record.ts / INTERVAL_MS) * COUNT_INTERVAL_SECONDS;
    const group = this.#groups.find(
      (one) =>
        one.ts === ts &&
        one.caller.fields === fields &&
        one.class === judged.class &&
        one.subclass === judged.subclass &&
        one.status === record.status &&
        this.#requests(one) > 0,
    );
    if (group === undefined) throw new Error('a request to be taken back has not been counted');
    this.#change(group.place, record, judged, -1);
  }

  /** TabSeparated rows; null when there is none. */
  rows(): Buffer | null {
    let rows = '';
    for (const group of this.#groups) if (this.#requests(group) > 0) rows += this.#row(group);
    return rows === '' ? null : Buffer.from(rows);
  }

  /** Requests of each class. */
  classes(): Map<RequestClass, number> {
    const counts = new Map<RequestClass, number>();
    for (const group of this.#groups)
      counts.set(group.class, (counts.get(group.class) ?? 0) + this.#requests(group));
    return counts;
  }

  /** Requests and failures of each day of event time, oldest first; days without a request are left out. */
  days(): DayCount[] {
    const days = new Map<number, DayCount>();
    for (const group of this.#groups) {
      const requests = this.#requests(group);
      if (requests === 0) continue;
      const day = Math.floor(group.ts / DAY_SECONDS);
      const sum = days.get(day) ?? { day, counted: 0, failed: 0 };
      sum.counted += requests;
      if (group.class !== 'ok') sum.failed += requests;
      days.set(day, sum);
    }
    return [...days.values()].sort((a, b) => a.day - b.day);
  }

  /** Gives the memory back at once; nothing may be asked any more. */
  free(): void {
    this.#sums.buffer.transfer(0);
    this.#buckets.buffer.transfer(0);
  }

  #change(place: number, record: Counted, judged: Outcome, sign: 1 | -1): void {
    const at = place * SUMS;
    this.#add(at + REQUESTS, sign);
    if (record.retry_count > 0) {
      this.#add(at + RETRIES, sign);
      if (judged.retry === 'no' && judged.class !== 'ok') this.#add(at + USELESS_RETRIES, sign);
    }
    this.#add(at + INPUT_TOKENS, sign * record.input_tokens);
    this.#add(at + OUTPUT_TOKENS, sign * record.output_tokens);
    this.#add(at + COST, sign * record.cost_usd);
    this.#add(at + LATENCY, sign * record.latency_ms);
    const bucket = place * BUCKETS + bucketOf(record.latency_ms);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + sign;
  }

  #add(place: number, amount: number): void {
    this.#sums[place] = (this.#sums[place] ?? 0) + amount;
  }

  #group({ ts, status }: Counted, caller: Caller, judged: Classification): Group {
    const interval = Math.floor(ts / INTERVAL_MS);
    // Records come nearly in the order of time: most are of the interval of the one before.
    if (interval !== this.#interval) {
      this.#interval = interval;
      this.#ofInterval = this.#byInterval.get(interval) ?? new Map();
      this.#byInterval.set(interval, this.#ofInterval);
    }
    const first = this.#ofInterval.get(caller.id);
    let last = first;
    for (let known = first ?? null; known !== null; known = known.next) {
      if (known.status === status && known.class === judged.class && known.subclass === judged.subclass)
        return known;
      last = known;
    }
    const group = this.#newGroup(interval * COUNT_INTERVAL_SECONDS, status, caller, judged);
    if (last === undefined) this.#ofInterval.set(caller.id, group);
    else last.next = group;
    return group;
  }

  #newGroup(ts: number, status: number, caller: Caller, judged: Classification): Group {
    const place = this.#groups.length;
    if (place * SUMS === this.#sums.length) {
      this.#sums = new Float64Array(this.#sums.buffer.transfer(place * 2 * SUMS * 8));
      this.#buckets = new Uint32Array(this.#buckets.buffer.transfer(place * 2 * BUCKETS * 4));
    }
    this.#sums.fill(Number.NaN, place * SUMS + MIN_REMAINING_REQUESTS, (place + 1) * SUMS);
    const { class: name, subclass } = judged;
    const group: Group = { ts, caller, class: name, subclass, status, place, next: null };
    this.#groups.push(group);
    return group;
  }

  #requests({ place }: Group): number {
    return this.#sum(place * SUMS + REQUESTS);
  }

  #sum(place: number): number {
    return this.#sums[place] ?? 0;
  }

  #keepLeast(place: number, value: number | null): void {
    if (value !== null && !(this.#sum(place) <= value)) this.#sums[place] = value;
  }

  #keepMost(place: number, value: number | null): void {
    if (value !== null && !(this.#sum(place) >= value)) this.#sums[place] = value;
  }

  #row({ ts, caller, class: name, subclass, status, place }: Group): string {
    const at = place * SUMS;
    let row = `${ts}\t${caller.fields}\t${name}\t${subclass}\t${status}`;
    for (let i = at; i < at + MIN_REMAINING_REQUESTS; i++) row += `\t${this.#sum(i)}`;
    row += `\t${this.#histogram(place * BUCKETS)}`;
    for (let i = at + MIN_REMAINING_REQUESTS; i < at + SUMS; i++) {
      const value = this.#sum(i);
      row += Number.isNaN(value) ? '\t\\N' : `\t${value}`;
    }
    return `${row}\n`;
  }

  /** The buckets that are not empty as a map. */
  #histogram(from: number): string {
    let map = '';
    for (let i = 0; i < BUCKETS; i++) {
      const requests = this.#buckets[from + i] ?? 0;
      if (requests > 0) map += `${map === '' ? '' : ','}${LATENCY_BUCKETS_MS[i] ?? 0}:${requests}`;
    }
    return `{${map}}`;
  }
}

function bucketOf(latencyMs: number): number {
  let bucket = 0;
  for (const bound of LATENCY_BUCKETS_MS) {
    if (latencyMs <= bound) return bucket;
    bucket++;
  }
  return bucket;
}
