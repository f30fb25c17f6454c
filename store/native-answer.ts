/** Texts of a column: for each row the place of its text among all that occur. */
export interface TextColumn {
  texts: readonly string[];
  places: Places;
}

/** In as few bytes as they need. */
export type Places = Uint8Array | Uint16Array | Uint32Array;

/** Rows as columns: a hundred thousand of them are a few arrays and not millions of values for the garbage collector. */
export interface Columns {
  rows: number;
  /** By name; NaN stands for NULL. Whole numbers beyond 2^53 are what a Float64 can hold of them. */
  numbers: ReadonlyMap<string, Float64Array>;
  texts: ReadonlyMap<string, TextColumn>;
}

export const noRows: Columns = { rows: 0, numbers: new Map(), texts: new Map() };

/** Bytes of the numbers that are read, by the name of their type. */
const widths: Readonly<Record<string, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
  DateTime: 4,
};
const NULLABLE = /^Nullable\((.+)\)$/;
const WORD = 2 ** 32;
/** LowCardinality: a dictionary that belongs to more than this block is never sent in an answer. */
const OWN_KEYS = 0x200;
const SHARED_KEYS = 0x100;

type Column = Float64Array | TextColumn;

/**
 * Reads an answer in ClickHouse's `Native` format: numbers, and texts that are `String` or `LowCardinality(String)`. Throws
 * an `Error` that names the column where an answer is cut off or holds another type.
 */
export function readNativeAnswer(bytes: Uint8Array): Columns {
  const reader = new Reader(bytes);
  const blocks: { rows: number; columns: Map<string, Column> }[] = [];
  while (!reader.isAtEnd) {
    const count = reader.varint();
    const rows = reader.varint();
    const columns = new Map<string, Column>();
    for (let n = 0; n < count; n++) {
      const name = reader.text();
      const type = reader.text();
      // A block without rows has no data, not even the head of a dictionary.
      if (rows === 0) continue;
      try {
        columns.set(name, readColumn(reader, type, rows));
      } catch (error) {
        throw new Error(
          `column ${name} of an answer: ${error instanceof Error ? error.message : 'cut off'}`,
          {
            cause: error,
          },
        );
      }
    }
    if (rows > 0) blocks.push({ rows, columns });
  }
  const numbers = new Map<string, Float64Array>();
  const texts = new Map<string, TextColumn>();
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  for (const name of blocks[0]?.columns.keys() ?? []) {
    const parts = blocks.flatMap(({ columns }) => columns.get(name) ?? []);
    const ofNumbers = parts.filter((part) => part instanceof Float64Array);
    const ofTexts = parts.filter((part): part is TextColumn => !(part instanceof Float64Array));
    if (ofNumbers.length > 0) numbers.set(name, joinNumbers(ofNumbers, rows));
    else texts.set(name, joinTexts(ofTexts, rows));
  }
  return { rows, numbers, texts };
}

function readColumn(reader: Reader, type: string, rows: number): Column {
  if (type === 'LowCardinality(String)') return reader.dictionary(rows);
  if (type === 'String') return textsOf(Array.from({ length: rows }, () => reader.text()));
  const inner = NULLABLE.exec(type)?.[1];
  const plain = (inner ?? type).replace(/^DateTime\(.*\)$/, 'DateTime');
  if (widths[plain] === undefined) throw new Error(`its type ${type} cannot be read`);
  const nulls = inner === undefined ? null : reader.bytes(rows);
  const numbers = reader.numbers(plain, rows);
  if (nulls !== null) for (let i = 0; i < rows; i++) if (nulls[i] === 1) numbers[i] = Number.NaN;
  return numbers;
}

/** Of bytes at the beginning of a buffer, where numbers of any width may begin. */
function asNumbers(type: string, buffer: ArrayBuffer, rows: number): Float64Array {
  if (type === 'Float64') return new Float64Array(buffer, 0, rows).slice();
  if (type === 'UInt8') return Float64Array.from(new Uint8Array(buffer, 0, rows));
  if (type === 'UInt16') return Float64Array.from(new Uint16Array(buffer, 0, rows));
  const numbers = new Float64Array(rows);
  if (type === 'UInt32' || type === 'DateTime') {
    numbers.set(new Uint32Array(buffer, 0, rows));
    return numbers;
  }
  const words = new Uint32Array(buffer, 0, 2 * rows);
  const high = type === 'Int64' ? new Int32Array(buffer, 0, 2 * rows) : words;
  for (let i = 0; i < rows; i++) numbers[i] = (words[2 * i] ?? 0) + WORD * (high[2 * i + 1] ?? 0);
  return numbers;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #decoder = new TextDecoder();
  /** Room for the bytes of one column: garbage of that size at each of them is what a large answer costs most. */
  #room = new ArrayBuffer(1024);
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('it is cut off');
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }

  /** The next bytes. */
  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Error('it is cut off');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** The next numbers of a type. */
  numbers(type: string, count: number): Float64Array {
    const bytes = this.bytes(count * (widths[type] ?? 0));
    if (this.#room.byteLength < bytes.length) this.#room = new ArrayBuffer(bytes.length);
    new Uint8Array(this.#room).set(bytes);
    return asNumbers(type, this.#room, count);
  }

  text(): string {
    const length = this.varint();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('it is cut off');
    const text = this.#decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }

  /** A dictionary, then for each row the place in it. */
  dictionary(rows: number): TextColumn {
    const [, , flags = 0] = this.numbers('UInt32', 4);
    if ((flags & OWN_KEYS) === 0 || (flags & SHARED_KEYS) !== 0)
      throw new Error('its dictionary is of several blocks');
    const [length = 0] = this.numbers('UInt64', 1);
    const texts = Array.from({ length }, () => this.text());
    this.bytes(8);
    const width = 2 ** (flags & 0xff);
    if (width > 4) throw new Error('its dictionary is too large');
    const copy = new Uint8Array(this.bytes(rows * width));
    const { buffer } = copy;
    return {
      texts,
      places: width === 1 ? copy : width === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer),
    };
  }
}

function textsOf(rows: readonly string[]): TextColumn {
  const known = new Map<string, number>();
  const places = Uint32Array.from(rows, (text) => placeOf(known, text));
  return { texts: [...known.keys()], places };
}

function joinNumbers(parts: readonly Float64Array[], rows: number): Float64Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const all = new Float64Array(rows);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Each block brings a dictionary of its own; afterwards one text has one place. */
function joinTexts(parts: readonly TextColumn[], rows: number): TextColumn {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const known = new Map<string, number>();
  const owns = parts.map((part) => part.texts.map((text) => placeOf(known, text)));
  const places =
    known.size <= 0x100
      ? new Uint8Array(rows)
      : known.size <= 0x10000
        ? new Uint16Array(rows)
        : new Uint32Array(rows);
  let at = 0;
  parts.forEach((part, n) => {
    for (const place of part.places) places[at++] = owns[n]?.[place] ?? 0;
  });
  return { texts: [...known.keys()], places };
}

function placeOf(known: Map<string, number>, text: string): number {
  let place = known.get(text);
  if (place === undefined) known.set(text, (place = known.size));
  return place;
}
