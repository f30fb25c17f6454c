/** A column of texts: the distinct texts, and for each row the index of its text. */
export interface TextColumn {
  texts: readonly string[];
  places: Places;
}

/** Indexes of texts, in one, two or four bytes each. */
export type Places = Uint8Array | Uint16Array | Uint32Array;

/**
 * Rows as columns. A hundred thousand rows are a few arrays instead of millions of values for the garbage collector.
 */
export interface Columns {
  rows: number;
  /** By name; NaN stands for NULL. Whole numbers beyond 2^53 are rounded to a Float64. */
  numbers: ReadonlyMap<string, Float64Array>;
  texts: ReadonlyMap<string, TextColumn>;
}

export const noRows: Columns = { rows: 0, numbers: new Map(), texts: new Map() };

/** Width in bytes of each number type that can be read. */
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
/** LowCardinality: in an answer, each block has its own dictionary; a dictionary for several blocks never occurs. */
const OWN_KEYS = 0x200;
const SHARED_KEYS = 0x100;

type NativeColumn = Float64Array | TextColumn;

/**
 * Reads an answer in ClickHouse's `Native` format. Columns may be numbers, `String` or `LowCardinality(String)`. When
 * the answer is cut off or a column has another type, throws an `Error` that names the column.
 */
export function readNativeAnswer(bytes: Uint8Array): Columns {
  const reader = new Reader(bytes);
  const blocks: { rows: number; columns: Map<string, NativeColumn> }[] = [];
  while (!reader.isAtEnd) {
    const count = reader.varint();
    const rows = reader.varint();
    const columns = new Map<string, NativeColumn>();
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

function readColumn(reader: Reader, type: string, rows: number): NativeColumn {
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

/**
 * Converts bytes to numbers. The bytes must be at the start of the buffer, because typed arrays need aligned offsets.
 */
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
  /** Reused for the bytes of every column: a new buffer for each column would be the largest cost of a large answer. */
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

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Error('it is cut off');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

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

  /** Reads a dictionary, then the index of each row in it. */
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

/** Each block has its own dictionary; in the joined column, each text has one index. */
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
