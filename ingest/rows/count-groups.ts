import type { Classification } from '../../domain/classification.ts';
import { COUNT_INTERVAL_SECONDS, LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { RequestLog } from '../../domain/request-log.ts';
import type { NativeRows } from '../../store/native-block.ts';
import type { DayCount } from '../../store/write-batch.ts';
import { type DimensionSet, type DimensionValues, dimensionSets } from './dimension-sets.ts';
import { countRows } from './count-rows.ts';
import { dayOf, inPlaceOf, regrouped, usageOf } from './fold-groups.ts';
import { GroupTable } from './group-table.ts';
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

/** The parts of a classification that are counted, as the columns hold them. */
export interface OutcomeColumns {
  class: string;
  subclass: string;
  retry: string;
}

const INTERVAL_MS = COUNT_INTERVAL_SECONDS * 1000;

/** Sums by interval, dimension set and outcome: the rows of `request_counts` that a batch adds. */
export class CountGroups {
  #table = new GroupTable();
  #limit: NameLimit | null = null;
  #judged: Classification | null = null;
  #status = 0;
  #outcome = 0;

  /** Bytes that the groups use. */
  get bytes(): number {
    return this.#table.groups.bytes;
  }

  add(record: Counted, dimensionSet: DimensionSet, judged: Classification): void {
    // Most records have the same outcome as the record before.
    if (judged !== this.#judged || record.status !== this.#status) {
      this.#outcome = outcomeCode(judged.class, judged.subclass, record.status);
      this.#judged = judged;
      this.#status = record.status;
    }
    const place = this.#table.place(intervalOf(record.ts), dimensionSet, this.#outcome);
    this.#addLatency(place, record.latency_ms);
    this.#change(place, record, judged, 1);
    if (record.rate_limit === null) return;
    const { groups } = this.#table;
    // `limitsAt` may replace the array `limits` by a larger one, so it is called before the array is read.
    const at = groups.limitsAt(place);
    const { limits } = groups;
    const { remaining_requests, limit_requests, remaining_tokens, limit_tokens } = record.rate_limit;
    keepLeast(limits, at, remaining_requests);
    keepMost(limits, at + 1, limit_requests);
    keepLeast(limits, at + 2, remaining_tokens);
    keepMost(limits, at + 3, limit_tokens);
  }

  /**
   * Counts values beyond the cap under `(other)` and returns these values: on each day a dimension has at most `most`
   * names. Later calls return the first result.
   */
  limit(kept: KeptNames, most: number): NameLimit {
    this.#limit ??= this.#limited(kept, most);
    return this.#limit;
  }

  /**
   * Removes a request that was added. If the request had the lowest headroom of its group, the headroom stays as it is.
   */
  subtract(record: Counted, dimensions: DimensionValues, judged: OutcomeColumns): void {
    const groups = this.#table.groups;
    const ts = intervalOf(record.ts);
    const texts = this.#inPlaceOf(ts, dimensionSets.of(dimensions)).dimensions;
    const outcome = outcomeCode(judged.class, judged.subclass, record.status);
    let place = 0;
    for (; place < groups.size; place++) {
      const isIt = groups.ts[place] === ts && groups.outcome[place] === outcome;
      const known = this.#table.setOf(place)?.dimensions;
      if (isIt && texts.every((text, i) => text === known?.[i]) && (groups.requests[place] ?? 0) > 0) break;
    }
    if (place === groups.size) throw new Error('a request to be taken back has not been counted');
    if (groups.histogram[place] !== 0) {
      const at = groups.histogramAt(place) + bucketOf(record.latency_ms);
      addTo(groups.histograms, at, -1);
    }
    this.#change(place, record, judged, -1);
  }

  /** The rows that the groups make; null when there are none. */
  rows(): NativeRows | null {
    return countRows(this.#table.groups, this.#table.sets);
  }

  /** Requests of each class. */
  classes(): Map<RequestClass, number> {
    const { outcome, requests, size } = this.#table.groups;
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
    const { ts, outcome, requests, size } = this.#table.groups;
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

  /** Frees the memory at once. The object cannot be used afterwards. */
  free(): void {
    this.#table.free();
  }

  #limited(kept: KeptNames, most: number): NameLimit {
    const limit = limitNames(usageOf(this.#table), kept, most);
    if (limit.replaced.size > 0) this.#table = regrouped(this.#table, limit.replaced);
    return limit;
  }

  /** The dimension set under which requests of the given dimension set are counted on the day of `ts`. */
  #inPlaceOf(ts: number, dimensionSet: DimensionSet): DimensionSet {
    return this.#limit === null ? dimensionSet : inPlaceOf(this.#limit.replaced, ts, dimensionSet, null).set;
  }

  #addLatency(place: number, latencyMs: number): void {
    const groups = this.#table.groups;
    const bucket = bucketOf(latencyMs);
    const isOne = (groups.requests[place] ?? 0) === 0 || groups.bucket[place] === bucket;
    if (isOne && groups.histogram[place] === 0) {
      groups.bucket[place] = bucket;
      return;
    }
    // `histogramAt` may replace the array `histograms` by a larger one, so it is called before the array is read.
    const at = groups.histogramAt(place) + bucket;
    addTo(groups.histograms, at, 1);
  }

  #change(place: number, record: Counted, judged: OutcomeColumns, sign: 1 | -1): void {
    const groups = this.#table.groups;
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
}

/** Start of the interval in epoch seconds; the argument is epoch milliseconds. */
function intervalOf(ms: number): number {
  return Math.floor(ms / INTERVAL_MS) * COUNT_INTERVAL_SECONDS;
}

// One function for each type of array: a shared one is several times slower, because the engine checks the type on each
// call.
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
