/** One field of a TabSeparated row: null is `\N`, a list an Array, an object a Map of texts. */
export type TsvValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | Readonly<Record<string, string>>;

const special = /[\t\n\r\0\b\f\\]/;
const specials = /[\t\n\r\0\b\f\\]/g;
const escapes: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\\': '\\\\',
};

/** A text as a TabSeparated field: control characters and backslashes are escaped. */
export function tsvText(text: string): string {
  return special.test(text) ? text.replace(specials, (char) => escapes[char] ?? char) : text;
}

/** A row with its line end. Numbers that are not finite become `\N`. */
export function tsvRow(values: readonly TsvValue[]): string {
  return `${tsvFields(values)}\n`;
}

/** The same without the line end, as part of a row. */
export function tsvFields(values: readonly TsvValue[]): string {
  let fields = '';
  for (let i = 0; i < values.length; i++) fields += (i === 0 ? '' : '\t') + tsvField(values[i] ?? null);
  return fields;
}

function tsvField(value: TsvValue): string {
  if (typeof value === 'string') return tsvText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '\\N';
  if (value === null) return '\\N';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isList(value)) return `[${value.map(tsvItem).join(',')}]`;
  const pairs = Object.entries(value).map(([key, text]) => `${tsvItem(key)}:${tsvItem(text)}`);
  return `{${pairs.join(',')}}`;
}

function isList(value: object): value is readonly string[] | readonly number[] {
  return Array.isArray(value);
}

/**
 * An element of an Array or a Map. ClickHouse removes one level of escapes here too: its reader of arrays takes the
 * bytes of the row, not an unescaped field. So the whole array must not be escaped again.
 */
function tsvItem(item: string | number): string {
  return typeof item === 'number' ? String(item) : `'${tsvText(item).replaceAll("'", "\\'")}'`;
}

/**
 * The fields of one TabSeparated row, texts unescaped. An Array or a Map is returned as a text that can no longer be
 * parsed.
 */
export function parseTsvRow(row: string): string[] {
  return row
    .split('\t')
    .map((field) => field.replace(/\\(.)/g, (_all, char: string) => unescapes[char] ?? char));
}

const unescapes: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  '0': '\0',
  b: '\b',
  f: '\f',
};

/** A time in epoch milliseconds as a DateTime64(3) field, such as `1795392000.123`. */
export function tsvTime(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/**
 * A time in epoch seconds as a DateTime field, such as `2026-11-27 17:37:10`. ClickHouse would not read a number with
 * few digits as epoch seconds.
 */
export function tsvSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
