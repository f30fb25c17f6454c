import { isNothing } from '../../fields/nothing.ts';
import { jsonInText } from '../mapping/json-in-text.ts';

/** A place in records: its path as a mapping writes it, and its values. */
export interface RecordPlace {
  path: string;
  /** The names on the path in lower case, words joined by `_`: `response.status_code`. */
  name: string;
  /** The values, by the number of the record that has them; at most `MOST_VALUES`. */
  values: Map<number, unknown>;
}

const MOST_PLACES = 2_000;
const MOST_VALUES = 500;
const DEEPEST = 7;
const PLAIN_NAME = /^[A-Za-z_@][\w@-]*$/;

/**
 * All places that have a value in some record, in order. A place may be an object, or inside JSON that is written in a
 * text.
 */
export function placesOf(records: readonly unknown[]): RecordPlace[] {
  const places = new Map<string, RecordPlace>();
  const note = (path: string, name: string, record: number, value: unknown): void => {
    let place = places.get(path);
    if (place === undefined) {
      if (places.size >= MOST_PLACES) return;
      place = { path, name, values: new Map() };
      places.set(path, place);
    }
    if (place.values.size < MOST_VALUES) place.values.set(record, value);
  };
  const walk = (value: unknown, path: string, name: string, record: number, depth: number): void => {
    if (isNothing(value)) return;
    const inner = typeof value === 'string' ? (jsonInText(value) ?? value) : value;
    if (path !== '$') note(path, name, record, inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner) || depth >= DEEPEST) return;
    for (const [key, one] of Object.entries(inner))
      walk(one, path + step(key), name === '' ? words(key) : `${name}.${words(key)}`, record, depth + 1);
  };
  for (const [i, record] of records.slice(0, MOST_VALUES).entries()) walk(record, '$', '', i, 0);
  return [...places.values()];
}

function step(key: string): string {
  return PLAIN_NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Gives all notations one form: `statusCode`, `Status Code` and `status-code` become `status_code`. */
function words(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
