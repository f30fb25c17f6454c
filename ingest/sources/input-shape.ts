import { isWholeJson, jsonEnd } from './json-end.ts';

/** How text is divided into records: one per line; JSON documents and lists over many lines; rows under a header. */
export type TextShape = { kind: 'lines' } | { kind: 'documents' } | { kind: 'csv'; delimiter: CsvDelimiter };
export type CsvDelimiter = ',' | ';' | '\t' | '|';
export type FileCodec = 'gzip' | 'zstd';

/** What the first bytes show: text, a compression or encoding around other bytes, or something that is not a log. */
export type InputShape =
  | TextShape
  | { kind: 'packed'; codec: FileCodec }
  | { kind: 'encoded'; encoding: 'utf-16le' | 'utf-16be' }
  | { kind: 'foreign'; what: string; todo: string };

/** How many bytes at the start decide. */
export const SHAPE_BYTES = 64 * 1024;

const LINES: InputShape = { kind: 'lines' };
const DELIMITERS: readonly CsvDelimiter[] = [',', '\t', ';', '|'];
/** The name of a column: it starts with a letter, and is not a sentence, number, time or JSON. */
const COLUMN = /^[\p{L}_@$][\p{L}\p{N}_ .@$:/()[\]?+*&'%#-]{0,63}$/u;

const unpackFirst = 'unpack it, and name what was in it';
const asJson =
  'write it as JSON, one object per line (for example with duckdb, or df.to_json(lines=True) in pandas)';
/** Files that are not logs, by the bytes `magic` at position `at`; `todo` says what to do. */
const foreign: readonly { magic: Buffer; at?: number; what: string; todo: string }[] = [
  { magic: latin('PK\x03\x04'), what: 'a zip archive (or an Office file)', todo: unpackFirst },
  { magic: latin('PAR1'), what: 'a Parquet file', todo: asJson },
  { magic: latin('ORC'), what: 'an ORC file', todo: asJson },
  { magic: latin('ARROW1'), what: 'an Arrow file', todo: asJson },
  {
    magic: latin('Obj\x01'),
    what: 'an Avro file',
    todo: 'write it as JSON, one object per line, with avro-tools tojson',
  },
  {
    magic: latin('SQLite format 3\0'),
    what: 'an SQLite database',
    todo: 'write the table with: sqlite3 -csv -header',
  },
  { magic: latin('\xd0\xcf\x11\xe0'), what: 'an old Office file', todo: 'save the sheet as CSV' },
  {
    magic: latin('BZh'),
    what: 'compressed by bzip2',
    todo: 'unpack it as it is read: bzcat FILE | faultline replay -',
  },
  {
    magic: latin('\xfd7zXZ\0'),
    what: 'compressed by xz',
    todo: 'unpack it as it is read: xzcat FILE | faultline replay -',
  },
  {
    magic: latin('\x04\x22\x4d\x18'),
    what: 'compressed by lz4',
    todo: 'unpack it as it is read: lz4 -dc FILE | faultline replay -',
  },
  { magic: latin('\xff\x06\0\0sNaPpY'), what: 'compressed by snappy', todo: unpackFirst },
  { magic: latin("7z\xbc\xaf'\x1c"), what: 'a 7z archive', todo: unpackFirst },
  {
    magic: latin('ustar'),
    at: 257,
    what: 'a tar archive',
    todo: 'unpack it as it is read: tar -xOf FILE | faultline replay -',
  },
  {
    magic: latin('LPKSHHRH'),
    what: 'a systemd journal',
    todo: 'read it through: journalctl --file FILE -o cat | faultline replay -',
  },
  { magic: latin('\x89PNG'), what: 'a picture', todo: 'name a log' },
  { magic: latin('\xff\xd8\xff'), what: 'a picture', todo: 'name a log' },
  { magic: latin('GIF8'), what: 'a picture', todo: 'name a log' },
  { magic: latin('%PDF-'), what: 'a PDF', todo: 'name a log' },
  { magic: latin('\x7fELF'), what: 'a program', todo: 'name a log' },
];

/**
 * The shape of an input that starts with the bytes `head`. Null when more bytes are needed; never null when `isAll`, or
 * when `head` has `SHAPE_BYTES` bytes. Only the content decides, never the name. A growing file keeps its shape,
 * because the first record decides.
 */
export function shapeOf(head: Buffer, isAll: boolean): InputShape | null {
  const enough = isAll || head.length >= SHAPE_BYTES;
  if (head.length < 4 && !enough) return null;
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'packed', codec: 'gzip' };
  if (isZstd(head)) return { kind: 'packed', codec: 'zstd' };
  const encoding = encodingOf(head);
  if (encoding !== null) return { kind: 'encoded', encoding };
  for (const { magic, at = 0, what, todo } of foreign)
    if (head.subarray(at, at + magic.length).equals(magic)) return { kind: 'foreign', what, todo };
  return textShape(textOf(head), enough);
}

/** Whether the bytes start with a zstd frame, or with a skippable frame, which pzstd writes first. */
function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

/** The encoding, from a byte order mark or from the first character, which is ASCII in every log. */
function encodingOf(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const [first = 1, second = 1] = head;
  if ((first === 0xff && second === 0xfe) || (first > 8 && first < 128 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second > 8 && second < 128)) return 'utf-16be';
  return null;
}

/** The text without byte order mark, blanks, and the mark that starts JSON text sequences (RFC 7464). */
function textOf(head: Buffer): Buffer {
  let start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  while (isBlank(head[start]) || head[start] === 0x1e) start++;
  return head.subarray(start);
}

function textShape(text: Buffer, enough: boolean): InputShape | null {
  const end = text.indexOf(10);
  if (text[0] === 0x5b) {
    let inside = 1;
    while (isBlank(text[inside])) inside++;
    // A log of plain text may start with [INFO].
    if (text[inside] === 0x7b || text[inside] === 0x5b) return { kind: 'documents' };
    return inside < text.length || enough ? LINES : null;
  }
  if (text[0] === 0x7b) {
    if (end < 0 && !enough) return null;
    if (end < 0) return isFollowed(text) ? { kind: 'documents' } : LINES;
    return isWholeJson(text.subarray(0, end)) ? LINES : openedObject(text, end, enough);
  }
  if (end < 0 && !enough) return null;
  return csvShape(text, end < 0 ? text.length : end, enough);
}

/**
 * Whether another object follows the first one without a line end between them. Firehose writes objects without any
 * line ends.
 */
function isFollowed(text: Buffer): boolean {
  let at = jsonEnd(text);
  if (at < 0) return false;
  while (isBlank(text[at])) at++;
  return text[at] === 0x7b;
}

/** An object that continues after its first line: a document over many lines, or a damaged line. */
function openedObject(text: Buffer, firstEnd: number, enough: boolean): InputShape | null {
  const end = jsonEnd(text);
  if (end >= 0) return end > firstEnd && isJson(text.subarray(0, end)) ? { kind: 'documents' } : LINES;
  if (!mayBecomeJson(text)) return LINES;
  return enough ? { kind: 'documents' } : null;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the text is a correct beginning of JSON: the parser complains only about the end of the text, not about an
 * earlier position.
 */
function mayBecomeJson(bytes: Buffer): boolean {
  const text = bytes.toString();
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const at = /at position (\d+)/.exec(message)?.[1];
    // There is a line end inside a string.
    if (message.startsWith('Bad control')) return false;
    // A word such as `true`, or a character of several bytes, may be cut.
    return at === undefined ? message.startsWith('Unexpected end') : Number(at) >= text.length - 6;
  }
}

/**
 * Recognises rows under a header: the first line has names, and the second has as many values. With three or more
 * names, the second line may have fewer values, but at least two.
 */
function csvShape(text: Buffer, headerEnd: number, enough: boolean): InputShape | null {
  const header = withoutReturn(text.toString('utf8', 0, headerEnd));
  const delimiter = DELIMITERS.find((one) => isHeader(cellsOf(header, one)));
  if (delimiter === undefined) return LINES;
  let from = headerEnd + 1;
  while (isBlank(text[from])) from++;
  const rowEnd = text.indexOf(10, from);
  if (rowEnd < 0 && !enough) return null;
  const row = withoutReturn(text.toString('utf8', from, rowEnd < 0 ? text.length : rowEnd));
  // A quoted value may continue in the next line.
  const goesOn = (row.split('"').length - 1) % 2 === 1;
  const [values, names] = [cellsOf(row, delimiter).length, cellsOf(header, delimiter).length];
  const fits = row === '' || goesOn || values === names || (values > 1 && values < names);
  return fits ? { kind: 'csv', delimiter } : LINES;
}

/** The line without a carriage return at its end. Blanks at the end stay: tabs may separate empty cells. */
function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function isHeader(cells: readonly string[]): boolean {
  const names = cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const named = names.filter((name) => name !== '');
  // The index column that pandas writes has no name.
  return named.length > 1 && named.length >= names.length - 1 && named.every((name) => COLUMN.test(name));
}

/** The cells of one row; a delimiter inside quotes does not count. */
function cellsOf(row: string, delimiter: CsvDelimiter): string[] {
  const cells = [''];
  let quoted = false;
  for (const char of row) {
    if (char === '"') quoted = !quoted;
    if (char === delimiter && !quoted) cells.push('');
    else cells[cells.length - 1] += char;
  }
  return cells;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
