import { callerDimensions, LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';
import { NativeBlock, type NativeRows } from '../../store/native-block.ts';
import type { DimensionSet } from './dimension-sets.ts';
import { BUCKETS, type GroupColumns, LIMITS } from './group-columns.ts';
import { outcomeOf } from './outcome-code.ts';

/**
 * The groups that hold requests, as rows of `request_counts`; null when there are none. `dimensionSet` of a group is an
 * index into `sets`.
 */
export function countRows(groups: GroupColumns, sets: readonly DimensionSet[]): NativeRows | null {
  const { requests, size } = groups;
  const inUse = requests.subarray(0, size);
  // A group from which all requests were subtracted makes no row.
  const isWhole = !inUse.includes(0);
  const rowsOf = <Kind extends Numbers>(numbers: Kind): Kind =>
    (isWhole
      ? numbers.subarray(0, size)
      : numbers.subarray(0, size).filter((_number, place) => inUse[place] !== 0)) as Kind;
  const rows = rowsOf(requests);
  if (rows.length === 0) return null;
  const block = new NativeBlock(rows.length);
  block.dateTime('ts', rowsOf(groups.ts));
  addDimensions(block, rowsOf(groups.dimensionSet), sets);
  addOutcomes(block, rowsOf(groups.outcome));
  block.uint32('requests', rows);
  block.uint32('retries', rowsOf(groups.retries));
  block.uint32('useless_retries', rowsOf(groups.useless));
  block.uint64('input_tokens', rowsOf(groups.input));
  block.uint64('output_tokens', rowsOf(groups.output));
  block.float64('cost_usd', rowsOf(groups.cost));
  block.float64('latency_ms_sum', rowsOf(groups.latency));
  addBuckets(block, groups, rows, rowsOf(groups.bucket), rowsOf(groups.histogram));
  if (groups.hasLimits) addLimits(block, groups, rowsOf(groups.limited));
  return block.rows();
}

type Numbers = Uint8Array | Uint32Array | Float64Array;

/** Columns whose default is NULL: they are left out when no group has limits. */
const limitColumns = [
  'min_remaining_requests',
  'limit_requests',
  'min_remaining_tokens',
  'limit_tokens',
] as const;

function addDimensions(block: NativeBlock, places: Uint32Array, sets: readonly DimensionSet[]): void {
  for (const [which, name] of callerDimensions.entries())
    addTexts(
      block,
      name,
      sets.map(({ dimensions }) => dimensions[which] ?? ''),
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

/** Adds a column; each row holds the text that its index selects. */
function addTexts(block: NativeBlock, name: string, texts: readonly string[], places: Uint32Array): void {
  const [known, short] = distinct(texts);
  block.texts(name, known, pick(short, places));
}

/** The distinct values in order of first appearance, and for each item the index of its value. */
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

/** Adds the buckets that are not empty. */
function addBuckets(
  block: NativeBlock,
  { histograms, histogramCount }: GroupColumns,
  requests: Uint32Array,
  bucket: Uint8Array,
  histogram: Uint32Array,
): void {
  const most = requests.length + histogramCount * (BUCKETS - 1);
  const ends = new Uint32Array(requests.length);
  const keys = new Uint32Array(most);
  const counts = new Uint32Array(most);
  let end = 0;
  for (let row = 0; row < requests.length; row++) {
    const at = ((histogram[row] ?? 0) - 1) * BUCKETS;
    if (at < 0) {
      keys[end] = bucketBounds[bucket[row] ?? 0] ?? 0;
      counts[end++] = requests[row] ?? 0;
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

function addLimits(block: NativeBlock, { limits }: GroupColumns, limited: Uint32Array): void {
  for (const [which, name] of limitColumns.entries()) {
    const values = new Float64Array(limited.length).fill(Number.NaN);
    for (let row = 0; row < limited.length; row++) {
      const number = limited[row] ?? 0;
      if (number > 0) values[row] = limits[(number - 1) * LIMITS + which] ?? Number.NaN;
    }
    block.nullable(name, values);
  }
}

function pick(numbers: Uint32Array, places: Uint32Array): Uint32Array {
  const picked = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = numbers[places[i] ?? 0] ?? 0;
  return picked;
}
