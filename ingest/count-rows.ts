import { callerDimensions, LATENCY_BUCKETS_MS } from '../domain/count-row.ts';
import { NativeBlock, type NativeRows } from '../store/native-block.ts';
import type { Caller } from './callers.ts';
import { BUCKETS, type GroupColumns, LIMITS } from './group-columns.ts';
import { outcomeOf } from './outcome-code.ts';

/** The groups that hold requests as rows of `request_counts`; null when there is none. `callers` are theirs by id. */
export function countRows(groups: GroupColumns, callers: ReadonlyMap<number, Caller>): NativeRows | null {
  const { requests } = groups;
  const places = new Uint32Array(groups.size)
    .map((_zero, place) => place)
    .filter((place) => (requests[place] ?? 0) > 0);
  if (places.length === 0) return null;
  const block = new NativeBlock(places.length);
  block.dateTime('ts', pick(groups.ts, places));
  addCallers(block, pick(groups.caller, places), callers);
  addOutcomes(block, pick(groups.outcome, places));
  block.uint32('requests', pick(requests, places));
  block.uint32('retries', pick(groups.retries, places));
  block.uint32('useless_retries', pick(groups.useless, places));
  block.uint64('input_tokens', pick(groups.input, places));
  block.uint64('output_tokens', pick(groups.output, places));
  block.float64('cost_usd', pick(groups.cost, places));
  block.float64('latency_ms_sum', pick(groups.latency, places));
  addBuckets(block, groups, places);
  if (groups.hasLimits)
    for (const [i, name] of limitColumns.entries()) block.nullable(name, limitsOf(groups, places, i));
  return block.rows();
}

/** Their default is NULL: without any limits they are left out. */
const limitColumns = [
  'min_remaining_requests',
  'limit_requests',
  'min_remaining_tokens',
  'limit_tokens',
] as const;

function addCallers(block: NativeBlock, ids: Uint32Array, callers: ReadonlyMap<number, Caller>): void {
  const [known, places] = distinct(ids);
  for (const [dimension, name] of callerDimensions.entries())
    addTexts(
      block,
      name,
      known.map((id) => callers.get(id)?.dimensions[dimension] ?? ''),
      places,
    );
}

function addOutcomes(block: NativeBlock, codes: Uint32Array): void {
  const [known, places] = distinct(codes);
  const outcomes = known.map(outcomeOf);
  addTexts(
    block,
    'class',
    outcomes.map((outcome) => outcome.class),
    places,
  );
  addTexts(
    block,
    'subclass',
    outcomes.map((outcome) => outcome.subclass),
    places,
  );
  const status = Uint16Array.from(outcomes, (outcome) => outcome.status);
  block.uint16(
    'status',
    Uint16Array.from(places, (place) => status[place] ?? 0),
  );
}

/** A column whose row holds the text at its place. */
function addTexts(block: NativeBlock, name: string, texts: readonly string[], places: Uint32Array): void {
  const [known, short] = distinct(texts);
  block.texts(
    name,
    known,
    places.map((place) => short[place] ?? 0),
  );
}

/** Each value once in the order in which they come, and for each item the place of its value. */
function distinct<Value>(items: ArrayLike<Value>): [Value[], Uint32Array] {
  const found = new Map<Value, number>();
  const places = new Uint32Array(items.length);
  for (let i = 0; i < items.length; i++) {
    const value = items[i] as Value;
    let place = found.get(value);
    if (place === undefined) {
      place = found.size;
      found.set(value, place);
    }
    places[i] = place;
  }
  return [[...found.keys()], places];
}

/** The buckets that are not empty. */
function addBuckets(block: NativeBlock, groups: GroupColumns, places: Uint32Array): void {
  const bounds = Uint32Array.from({ length: BUCKETS }, (_none, i) => LATENCY_BUCKETS_MS[i] ?? 0);
  const { histogram, histograms } = groups;
  const ends = new Uint32Array(places.length);
  const keys: number[] = [];
  const counts: number[] = [];
  for (let row = 0; row < places.length; row++) {
    const place = places[row] ?? 0;
    const at = ((histogram[place] ?? 0) - 1) * BUCKETS;
    if (at < 0) {
      keys.push(bounds[groups.bucket[place] ?? 0] ?? 0);
      counts.push(groups.requests[place] ?? 0);
    } else
      for (let i = 0; i < BUCKETS; i++) {
        const count = histograms[at + i] ?? 0;
        if (count === 0) continue;
        keys.push(bounds[i] ?? 0);
        counts.push(count);
      }
    ends[row] = keys.length;
  }
  block.map('latency_buckets', ends, Uint32Array.from(keys), Uint32Array.from(counts));
}

function limitsOf(groups: GroupColumns, places: Uint32Array, which: number): Float64Array {
  return Float64Array.from(places, (place) => {
    const number = groups.limited[place] ?? 0;
    return number === 0 ? Number.NaN : (groups.limits[(number - 1) * LIMITS + which] ?? Number.NaN);
  });
}

function pick(numbers: Uint32Array, places: Uint32Array): Uint32Array;
function pick(numbers: Float64Array, places: Uint32Array): Float64Array;
function pick(numbers: Uint32Array | Float64Array, places: Uint32Array): Uint32Array | Float64Array {
  const Kind = numbers instanceof Float64Array ? Float64Array : Uint32Array;
  const picked = new Kind(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = numbers[places[i] ?? 0] ?? 0;
  return picked;
}
