/** One field of a TabSeparated row; null is `\N`. */
export type TsvValue = string | number | boolean | null | readonly string[] | readonly number[];

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

/** A row with its line end. Numbers that are not finite become `\N`; lists become arrays. */
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
  const items = value.map((item) =>
    typeof item === 'number' ? item : `'${item.replace(/[\\']/g, '\\$&')}'`,
  );
  return tsvText(`[${items.join(',')}]`);
}

/** The fields of one TabSeparated row, texts unescaped. */
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
