import { callerDimensions, LATENCY_BUCKETS_MS } from '../domain/count-row.ts';
import { NativeBlock, type NativeRows } from '../store/native-block.ts';
import type { Caller } from './callers.ts';
import { BUCKETS, type GroupColumns, LIMITS } from './group-columns.ts';
import { outcomeOf } from './outcome-code.ts';

/** The groups that hold requests as rows of `request_counts`; null when there is none. `callers` are theirs by id. */
export function countRows(groups: GroupColumns, callers: ReadonlyMap<number, Caller>): NativeRows | null {
  const places = placesInUse(groups);
  if (places.length === 0) return null;
  const block = new NativeBlock(places.length);
  block.dateTime('ts', pick(groups.ts, places));
  addCallers(block, pick(groups.caller, places), callers);
  addOutcomes(block, pick(groups.outcome, places));
  block.uint32('requests', pick(groups.requests, places));
  block.uint32('retries', pick(groups.retries, places));
  block.uint32('useless_retries', pick(groups.useless, places));
  block.uint64('input_tokens', pickFloats(groups.input, places));
  block.uint64('output_tokens', pickFloats(groups.output, places));
  block.float64('cost_usd', pickFloats(groups.cost, places));
  block.float64('latency_ms_sum', pickFloats(groups.latency, places));
  addBuckets(block, groups, places);
  if (groups.hasLimits)
    for (const [which, name] of limitColumns.entries()) block.nullable(name, limitsOf(groups, places, which));
  return block.rows();
}

/** Their default is NULL: without any limits they are left out. */
const limitColumns = [
  'min_remaining_requests',
  'limit_requests',
  'min_remaining_tokens',
  'limit_tokens',
] as const;

/** A group from which all has been taken back makes no row. */
function placesInUse({ requests, size }: GroupColumns): Uint32Array {
  const places = new Uint32Array(size);
  let rows = 0;
  for (let place = 0; place < size; place++) if (requests[place] !== 0) places[rows++] = place;
  return places.subarray(0, rows);
}

function addCallers(block: NativeBlock, ids: Uint32Array, callers: ReadonlyMap<number, Caller>): void {
  const [known, places] = distinct(ids);
  const dimensions = known.map((id) => callers.get(id)?.dimensions ?? []);
  for (const [which, name] of callerDimensions.entries())
    addTexts(
      block,
      name,
      dimensions.map((texts) => texts[which] ?? ''),
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
  block.uint32(
    'status',
    pick(
      Uint32Array.from(outcomes, ({ status }) => status),
      places,
    ),
  );
}

/** A column whose row holds the text at its place. */
function addTexts(block: NativeBlock, name: string, texts: readonly string[], places: Uint32Array): void {
  const [known, short] = distinct(texts);
  block.texts(name, known, pick(short, places));
}

/** Each value once in the order in which they come, and for each item the place of its value. */
function distinct<Value>(items: ArrayLike<Value> & Iterable<Value>): [Value[], Uint32Array] {
  const found = new Map<Value, number>();
  const places = new Uint32Array(items.length);
  let i = 0;
  for (const value of items) {
    let place = found.get(value);
    if (place === undefined) {
      place = found.size;
      found.set(value, place);
    }
    places[i++] = place;
  }
  return [[...found.keys()], places];
}

const bucketBounds = Uint32Array.from({ length: BUCKETS }, (_none, i) => LATENCY_BUCKETS_MS[i] ?? 0);

/** The buckets that are not empty. */
function addBuckets(block: NativeBlock, groups: GroupColumns, places: Uint32Array): void {
  const { bucket, requests, histogram, histograms } = groups;
  const most = places.length + groups.histogramCount * (BUCKETS - 1);
  const ends = new Uint32Array(places.length);
  const keys = new Uint32Array(most);
  const counts = new Uint32Array(most);
  let end = 0;
  for (let row = 0; row < places.length; row++) {
    const place = places[row] ?? 0;
    const at = ((histogram[place] ?? 0) - 1) * BUCKETS;
    if (at < 0) {
      keys[end] = bucketBounds[bucket[place] ?? 0] ?? 0;
      counts[end++] = requests[place] ?? 0;
    } else
      for (let i = 0; i < BUCKETS; i++) {
        const count = histograms[at + i] ?? 0;
        if (count === 0) continue;
        keys[end] = bucketBounds[i] ?? 0;
        counts[end++] = count;
      }
    ends[row] = end;
  }
  block.map('latency_buckets', ends, keys.subarray(0, end), counts.subarray(0, end));
}

function limitsOf({ limited, limits }: GroupColumns, places: Uint32Array, which: number): Float64Array {
  const values = new Float64Array(places.length);
  for (let row = 0; row < places.length; row++) {
    const number = limited[places[row] ?? 0] ?? 0;
    values[row] = number === 0 ? Number.NaN : (limits[(number - 1) * LIMITS + which] ?? Number.NaN);
  }
  return values;
}

// One function for each kind of array: a loop over both kinds is compiled for neither.
function pick(numbers: Uint32Array, places: Uint32Array): Uint32Array {
  const picked = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = numbers[places[i] ?? 0] ?? 0;
  return picked;
}

function pickFloats(numbers: Float64Array, places: Uint32Array): Float64Array {
  const picked = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = numbers[places[i] ?? 0] ?? 0;
  return picked;
}
