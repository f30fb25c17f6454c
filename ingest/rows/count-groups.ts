import type { Classification } from '../../domain/classification.ts';
import {
  byCallerDimension,
  callerDimensions,
  COUNT_INTERVAL_SECONDS,
  LATENCY_BUCKETS_MS,
} from '../../domain/count-row.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { RequestLog } from '../../domain/request-log.ts';
import type { NativeRows } from '../../store/native-block.ts';
import type { DayCount } from '../../store/write-batch.ts';
import { type DimensionSet, type DimensionValues, dimensionSets } from './dimension-sets.ts';
import { countRows } from './count-rows.ts';
import { GroupColumns } from './group-columns.ts';
import { type KeptNames, limitNames, type NameLimit } from './name-cap.ts';
import { outcomeCode, outcomeOf } from './outcome-code.ts';

/** What a request adds to the counts of its dimension set. */
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

const INTERVAL_MS = COUNT_INTERVAL_SECONDS * 1000;
const DAY_SECONDS = 86_400;
/** A power of two. */
const FIRST_SLOTS = 256;

/** Sums by interval, dimension set and outcome: the rows of `request_counts` that a batch adds. */
export class CountGroups {
  #groups = new GroupColumns();
  /** The dimension sets of the groups by id. */
  readonly #dimensionSets = new Map<number, DimensionSet>();
  /** Places of groups, from 1, each at the first slot from its hash on that was free; at least half are. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #limit: NameLimit | null = null;
  #judged: Classification | null = null;
  #status = 0;
  #outcome = 0;

  /** Bytes that the groups take. */
  get bytes(): number {
    return this.#groups.bytes;
  }

  add(record: Counted, dimensionSet: DimensionSet, judged: Classification): void {
    // Most records end as the one before.
    if (judged !== this.#judged || record.status !== this.#status) {
      this.#outcome = outcomeCode(judged.class, judged.subclass, record.status);
      this.#judged = judged;
      this.#status = record.status;
    }
    const place = this.#place(intervalOf(record.ts), dimensionSet, this.#outcome);
    this.#addLatency(place, record.latency_ms);
    this.#change(place, record, judged, 1);
    if (record.rate_limit === null) return;
    const { limits } = this.#groups;
    const at = this.#groups.limitsAt(place);
    const { remaining_requests, limit_requests, remaining_tokens, limit_tokens } = record.rate_limit;
    keepLeast(limits, at, remaining_requests);
    keepMost(limits, at + 1, limit_requests);
    keepLeast(limits, at + 2, remaining_tokens);
    keepMost(limits, at + 3, limit_tokens);
  }

  /**
   * Counts values beyond the cap under `(other)`, and answers which: on each day a dimension has at most `most` names.
   * Whoever asks again gets the first answer.
   */
  limit(kept: KeptNames, most: number): NameLimit {
    this.#limit ??= this.#limited(kept, most);
    return this.#limit;
  }

  /** Takes back a request that was added; the lowest headroom that it may have shown stays. */
  subtract(record: Counted, dimensions: DimensionValues, judged: Outcome): void {
    const groups = this.#groups;
    const ts = intervalOf(record.ts);
    const { fields } = this.#inPlaceOf(ts, dimensionSets.of(dimensions));
    const outcome = outcomeCode(judged.class, judged.subclass, record.status);
    let place = 0;
    for (; place < groups.size; place++) {
      const isIt = groups.ts[place] === ts && groups.outcome[place] === outcome;
      const dimensionSet = this.#dimensionSets.get(groups.dimensionSet[place] ?? 0);
      if (isIt && dimensionSet?.fields === fields && (groups.requests[place] ?? 0) > 0) break;
    }
    if (place === groups.size) throw new Error('a request to be taken back has not been counted');
    if (groups.histogram[place] !== 0)
      addTo(groups.histograms, groups.histogramAt(place) + bucketOf(record.latency_ms), -1);
    this.#change(place, record, judged, -1);
  }

  /** Null when there is none. */
  rows(): NativeRows | null {
    return countRows(this.#groups, this.#dimensionSets);
  }

  /** Requests of each class. */
  classes(): Map<RequestClass, number> {
    const { outcome, requests, size } = this.#groups;
    const byOutcome = new Map<number, number>();
    for (let place = 0; place < size; place++) {
      const code = outcome[place] ?? 0;
      byOutcome.set(code, (byOutcome.get(code) ?? 0) + (requests[place] ?? 0));
    }
    const counts = new Map<RequestClass, number>();
    for (const [code, n] of byOutcome) {
      const { class: name } = outcomeOf(code);
      counts.set(name, (counts.get(name) ?? 0) + n);
    }
    return counts;
  }

  /** Requests and failures of each day of event time, oldest first; days without a request are left out. */
  days(): DayCount[] {
    const { ts, outcome, requests, size } = this.#groups;
    const days = new Map<number, DayCount>();
    for (let place = 0; place < size; place++) {
      const n = requests[place] ?? 0;
      if (n === 0) continue;
      const day = dayOf(ts[place] ?? 0);
      const sum = days.get(day) ?? { day, counted: 0, failed: 0 };
      sum.counted += n;
      if (outcomeOf(outcome[place] ?? 0).class !== 'ok') sum.failed += n;
      days.set(day, sum);
    }
    return [...days.values()].sort((a, b) => a.day - b.day);
  }

  /** Gives the memory back at once; nothing may be asked any more. */
  free(): void {
    this.#groups.free();
    this.#dimensionSets.clear();
    this.#slots.buffer.transfer(0);
  }

  #limited(kept: KeptNames, most: number): NameLimit {
    const { ts, dimensionSet, requests, size } = this.#groups;
    const usage = new Map<number, Map<DimensionSet, number>>();
    for (let place = 0; place < size; place++) {
      const set = this.#dimensionSets.get(dimensionSet[place] ?? 0);
      if (set === undefined) continue;
      const day = dayOf(ts[place] ?? 0);
      const sets = usage.get(day) ?? new Map<DimensionSet, number>();
      usage.set(day, sets);
      sets.set(set, (sets.get(set) ?? 0) + (requests[place] ?? 0));
    }
    const limit = limitNames(usage, kept, most);
    this.#limit = limit;
    if (limit.replaced.size > 0) this.#regroup();
    return limit;
  }

  /** Adds the groups up anew under the dimension sets that stand in place of theirs. */
  #regroup(): void {
    const before = this.#groups;
    this.#groups = new GroupColumns();
    this.#slots = new Uint32Array(FIRST_SLOTS);
    for (let from = 0; from < before.size; from++) {
      const known = this.#dimensionSets.get(before.dimensionSet[from] ?? 0);
      if (known === undefined) continue;
      const ts = before.ts[from] ?? 0;
      const place = this.#place(ts, this.#inPlaceOf(ts, known), before.outcome[from] ?? 0);
      this.#groups.addFrom(place, before, from);
    }
    before.free();
  }

  /** The dimension set under which requests of this one are counted on the day of the interval. */
  #inPlaceOf(ts: number, dimensionSet: DimensionSet): DimensionSet {
    const texts = this.#limit?.replaced.get(dayOf(ts))?.get(dimensionSet.id);
    if (texts === undefined) return dimensionSet;
    return dimensionSets.of(byCallerDimension((name) => texts[callerDimensions.indexOf(name)] ?? ''));
  }

  #addLatency(place: number, latencyMs: number): void {
    const groups = this.#groups;
    const bucket = bucketOf(latencyMs);
    const isOne = (groups.requests[place] ?? 0) === 0 || groups.bucket[place] === bucket;
    if (isOne && groups.histogram[place] === 0) groups.bucket[place] = bucket;
    else addTo(groups.histograms, groups.histogramAt(place) + bucket, 1);
  }

  #change(place: number, record: Counted, judged: Outcome, sign: 1 | -1): void {
    const groups = this.#groups;
    addTo(groups.requests, place, sign);
    if (record.retry_count > 0) {
      addTo(groups.retries, place, sign);
      if (judged.retry === 'no' && judged.class !== 'ok') addTo(groups.useless, place, sign);
    }
    addToSum(groups.input, place, sign * record.input_tokens);
    addToSum(groups.output, place, sign * record.output_tokens);
    addToSum(groups.cost, place, sign * record.cost_usd);
    addToSum(groups.latency, place, sign * record.latency_ms);
  }

  #place(ts: number, dimensionSet: DimensionSet, outcome: number): number {
    const groups = this.#groups;
    const mask = this.#slots.length - 1;
    let slot = hashOf(ts, dimensionSet.id, outcome) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0) break;
      if (
        groups.dimensionSet[place] === dimensionSet.id &&
        groups.ts[place] === ts &&
        groups.outcome[place] === outcome
      )
        return place;
    }
    const place = groups.add(ts, dimensionSet.id, outcome);
    if (!this.#dimensionSets.has(dimensionSet.id)) this.#dimensionSets.set(dimensionSet.id, dimensionSet);
    this.#slots[slot] = place + 1;
    if (groups.size * 2 > this.#slots.length) this.#spread();
    return place;
  }

  /** Finds each group a slot among twice as many. */
  #spread(): void {
    const { ts, dimensionSet, outcome, size } = this.#groups;
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let place = 0; place < size; place++) {
      let slot = hashOf(ts[place] ?? 0, dimensionSet[place] ?? 0, outcome[place] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = place + 1;
    }
    this.#slots.buffer.transfer(0);
    this.#slots = slots;
  }
}

/** Days since the epoch of a time in epoch seconds. */
function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS);
}

/** Start of the interval of a time in epoch ms, epoch seconds. */
function intervalOf(ms: number): number {
  return Math.floor(ms / INTERVAL_MS) * COUNT_INTERVAL_SECONDS;
}

function hashOf(ts: number, dimensionSet: number, outcome: number): number {
  // Each step spreads what differs over all bits; the numbers are odd and otherwise of no meaning.
  let hash = Math.imul(dimensionSet ^ Math.imul(ts, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ outcome, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}

// A function for each kind of array: one for both is several times slower, because the engine looks the kind up each time.
function addTo(numbers: Uint32Array, place: number, amount: number): void {
  numbers[place] = (numbers[place] ?? 0) + amount;
}

function addToSum(numbers: Float64Array, place: number, amount: number): void {
  numbers[place] = (numbers[place] ?? 0) + amount;
}

function keepLeast(numbers: Float64Array, place: number, value: number | null): void {
  if (value !== null && !((numbers[place] ?? 0) <= value)) numbers[place] = value;
}

function keepMost(numbers: Float64Array, place: number, value: number | null): void {
  if (value !== null && !((numbers[place] ?? 0) >= value)) numbers[place] = value;
}

function bucketOf(latencyMs: number): number {
  let bucket = 0;
  for (const bound of LATENCY_BUCKETS_MS) {
    if (latencyMs <= bound) return bucket;
    bucket++;
  }
  return bucket;
}
