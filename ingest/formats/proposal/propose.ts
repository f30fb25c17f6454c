import { readStatus } from '../../fields/status.ts';
import { outcomeOf } from '../mapping/outcome-words.ts';
import type { MappingSpec } from '../mapping/mapping.ts';
import { failureNames, type Guess, guesses, outcomeNames } from './guesses.ts';
import { type RecordPlace, placesOf } from './places.ts';

/** A proposed mapping for records that no format recognises. */
export interface Proposal {
  /** The mapping cannot be used when it has no time or no outcome. */
  mapping: MappingSpec;
  /** Fields for which no place was found, in the order of `guesses`. */
  missing: string[];
}

/** Worth of a place whose name matches the best pattern. */
const BY_NAME = 10;
/** Worth of a place whose values identify the field, whatever its name. */
const BY_VALUES = 3;
/** Each place of a field, the first too, must add a value to more than this share of the records. */
const WORTH_A_PLACE = 0.02;
const FITS = 0.9;
/** Names of members that may hold the whole record. */
const WHOLE = /(?:^|\.)(?:body|message|msg|details?)$/;

/** Proposes a mapping from the names and values of members. Pure. `records` are parsed, and may be of several kinds. */
export function proposeMapping(records: readonly unknown[]): Proposal {
  const list = listIn(records);
  const items = list === null ? records : records.flatMap((record) => itemsAt(record, list));
  const places = placesOf(items);
  const mapping: Record<string, unknown> = list === null ? {} : { records: `$.${list}[*]` };
  const taken = new Set<string>();
  const missing: string[] = [];
  for (const guess of guesses) {
    const named = choose(guess, places, taken, items.length);
    const found =
      guess.field === 'error' && named.length === 0 ? withFailures(places, mapping, taken) : named;
    if (found.length === 0) missing.push(guess.field);
    else mapping[guess.field] = sourceOf(guess.field, found);
    // Only this path is taken. An error may be an object with other fields in it, and these stay available.
    for (const { path } of found) taken.add(path);
  }
  const outcome = outcomeFor(places, mapping, items.length);
  if (outcome !== null) mapping['outcome'] = outcome;
  return { mapping: ordered(mapping), missing };
}

/**
 * The best places of a field. Each further place must have values in records in which the places before it have no
 * value.
 */
function choose(
  guess: Guess,
  places: readonly RecordPlace[],
  taken: ReadonlySet<string>,
  records: number,
): RecordPlace[] {
  const ranked = places
    .filter(({ path }) => !taken.has(path))
    .map((place) => ({ place, worth: worthOf(guess, place, records) }))
    .filter(({ worth }) => worth > 0)
    .sort((a, b) => b.worth - a.worth || a.place.path.length - b.place.path.length);
  const chosen: RecordPlace[] = [];
  const covered = new Set<number>();
  for (const { place } of ranked) {
    const adds = [...place.values.keys()].filter((record) => !covered.has(record)).length;
    if (chosen.length >= guess.most || adds <= records * WORTH_A_PLACE) continue;
    // This place is inside a place that is already chosen.
    if (chosen.some(({ path }) => place.path.startsWith(`${path}.`))) continue;
    chosen.push(place);
    for (const record of place.values.keys()) covered.add(record);
  }
  return chosen;
}

/**
 * A place of any name that has a text of several words, or an object, in at least half of the failures, and no value in
 * successes.
 */
function withFailures(
  places: readonly RecordPlace[],
  mapping: Readonly<Record<string, unknown>>,
  taken: ReadonlySet<string>,
): RecordPlace[] {
  const failing = new Set<number>();
  const statuses = [mapping['status']].flat();
  for (const { path, values } of places)
    if (statuses.includes(path))
      for (const [record, value] of values) if ((readStatus(value) ?? 200) >= 400) failing.add(record);
  const found = places.find(
    ({ path, values }) =>
      !taken.has(path) &&
      values.size >= failing.size / 2 &&
      failing.size > 0 &&
      [...values].every(([record, value]) => failing.has(record) && isWordy(value)),
  );
  return found === undefined ? [] : [found];
}

function isWordy(value: unknown): boolean {
  return (typeof value === 'string' && value.includes(' ')) || isRecord(value);
}

function worthOf(guess: Guess, place: RecordPlace, records: number): number {
  const values = [...place.values.values()];
  const fitting = values.filter(guess.fits).length;
  if (fitting === 0 || fitting < values.length * FITS) return 0;
  if (guess.not?.test(place.name) === true) return 0;
  // A member that holds the whole record is not an error.
  if (guess.field === 'error' && WHOLE.test(place.name) && values.length >= records && values.every(isRecord))
    return 0;
  const rank = guess.names.findIndex((name) => name.test(place.name));
  const named = rank < 0 ? 0 : BY_NAME - rank;
  const identified =
    named === 0 && values.length >= records / 2 && guess.identifies?.(values) === true ? BY_VALUES : 0;
  // Among places that match the same pattern, more values are better, and so is a place nearer to the top: a level of
  // depth weighs as much as values in a hundredth of the records.
  const depth = place.name.split('.').length;
  return named + identified === 0 ? 0 : named + identified + values.length / (records + 1) - depth / 100;
}

function sourceOf(field: string, places: readonly RecordPlace[]): unknown {
  const sources = places.map((place) => {
    const unit = unitOf(field, place);
    return unit === null ? place.path : { from: place.path, unit };
  });
  return sources.length === 1 ? sources[0] : sources;
}

/** The unit that the last word of a name means. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ...['ms', 'millis', 'msec', 'milliseconds'].map((word) => [word, 'ms'] as const),
  ...['s', 'sec', 'secs', 'seconds'].map((word) => [word, 's'] as const),
  ...['us', 'micros', 'microseconds'].map((word) => [word, 'us'] as const),
  ...['ns', 'nanos', 'nanoseconds'].map((word) => [word, 'ns'] as const),
]);

/**
 * The unit of numbers that are written without a unit; null when they need no conversion. The name shows the unit or,
 * for durations, the size of the numbers does.
 */
function unitOf(field: string, { name, values }: RecordPlace): string | null {
  if (field === 'cost_usd') return /cents?$/.test(name) ? 'cents' : null;
  if (field !== 'latency_ms' && field !== 'ttft_ms') return null;
  const written = UNITS.get(name.split(/[._]/).at(-1) ?? '');
  if (written !== undefined) return written === 'ms' ? null : written;
  const numbers = [...values.values()]
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const middle = numbers[numbers.length >> 1] ?? 1_000;
  return middle < 300 && numbers.some((number) => !Number.isInteger(number)) ? 's' : null;
}

/**
 * How a mapping tells failures from successes among records that have no status: a condition, or the path of a word.
 * Null when every record has a status, or when nothing is found.
 */
function outcomeFor(
  places: readonly RecordPlace[],
  mapping: Readonly<Record<string, unknown>>,
  records: number,
): unknown {
  const statuses = [mapping['status']].flat().filter((path) => typeof path === 'string');
  const withStatus = new Set(
    places.filter(({ path }) => statuses.includes(path)).flatMap(({ values }) => [...values.keys()]),
  );
  if (withStatus.size >= records) return null;
  const scalar = places.filter(({ values }) =>
    [...values.values()].every((value) => typeof value !== 'object'),
  );
  const flag = scalar.find(
    ({ name, values }) =>
      failureNames.test(name) &&
      [...values.values()].every((value) => /^(?:true|false)$/i.test(String(value))),
  );
  if (flag !== undefined) return { failure: { [flag.path]: true }, success: 'otherwise' };
  for (const name of outcomeNames) {
    const word = scalar.find(
      (place) =>
        name.test(place.name) &&
        !statuses.includes(place.path) &&
        place.values.size >= records / 2 &&
        [...place.values.values()].every((value) => outcomeOf(value) !== undefined),
    );
    if (word !== undefined) return word.path;
  }
  // pino and bunyan write levels as numbers: 50 is error, 60 is fatal.
  const level = scalar.find(
    ({ name, values }) =>
      /(?:^|[._])level$/.test(name) &&
      values.size >= records / 2 &&
      [...values.values()].every((value) => [10, 20, 30, 40, 50, 60].includes(Number(value))),
  );
  if (level !== undefined) return { failure: { [level.path]: { above: 49 } }, success: 'otherwise' };
  const errors = [mapping['error'], mapping['exception']].flat().filter((path) => typeof path === 'string');
  const certain = errors.filter((path) => !/\.(?:msg|message|body|reason|detail)$/.test(path));
  if (certain.length === 0) return null;
  return { failure: certain.map((path) => ({ [path]: 'present' })), success: 'otherwise' };
}

/** The member of the messages that is the list of records; null when the messages are the records. */
function listIn(records: readonly unknown[]): string | null {
  const counts = new Map<string, number>();
  for (const record of records)
    if (typeof record === 'object' && record !== null && !Array.isArray(record))
      for (const [name, value] of Object.entries(record))
        if (Array.isArray(value) && value.length > 0 && value.every((item) => isRecord(item)))
          counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] < records.length / 2 || !/^[A-Za-z_]\w*$/.test(most[0])) return null;
  const items = placesOf(records.flatMap((record) => itemsAt(record, most[0])));
  const own = placesOf(records).filter(({ path }) => path.split('.').length === 2);
  const hasField = (field: string, among: readonly RecordPlace[]): boolean => {
    const guess = guesses.find((one) => one.field === field);
    return guess !== undefined && among.some((place) => worthOf(guess, place, 1) > BY_VALUES + 1);
  };
  // A list of objects may also be the messages of a chat, but the messages of a chat have no time.
  return hasField('ts', items) || (hasField('status', items) && !hasField('status', own)) ? most[0] : null;
}

function itemsAt(record: unknown, member: string): unknown[] {
  const list = isRecord(record) ? record[member] : undefined;
  return Array.isArray(list) ? list : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Orders the keys for readers: the required ones first. */
function ordered(mapping: Readonly<Record<string, unknown>>): MappingSpec {
  const order = ['records', 'ts', 'status', 'outcome', 'error', 'exception', 'provider', 'model'];
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(Object.entries(mapping).sort(([a], [b]) => rank(a) - rank(b)));
}
