/** One block of rows in ClickHouse's Native format: column by column, texts as indexes in a dictionary. */
export interface NativeRows {
  columns: readonly string[];
  body: Buffer;
}

/**
 * Writes columns in ClickHouse's `Native` format. The engine reads it with hardly any work, whereas it parses each
 * field of a row in a text format. Types may be narrower than those of the table: the engine widens them. Numbers are
 * written in the byte order of this machine, which must be little-endian like the format.
 */
export class NativeBlock {
  readonly #rows: number;
  readonly #names: string[] = [];
  readonly #parts: Uint8Array[] = [];

  constructor(rows: number) {
    this.#rows = rows;
  }

  uint32(name: string, values: Uint32Array): void {
    this.#column(name, 'UInt32', bytesOf(values));
  }

  float64(name: string, values: Float64Array): void {
    this.#column(name, 'Float64', bytesOf(values));
  }

  /** Whole numbers from 0. Numbers beyond 2^53 are rounded to a Float64. */
  uint64(name: string, values: Float64Array): void {
    this.#column(name, 'UInt64', bytesOf(wideFloats(values)));
  }

  /** NaN stands for NULL. */
  nullable(name: string, values: Float64Array): void {
    this.#column(name, 'Nullable(Float64)', nullsOf(values));
    this.#parts.push(bytesOf(values));
  }

  /** Epoch seconds. */
  dateTime(name: string, values: Uint32Array): void {
    this.#column(name, 'DateTime', bytesOf(values));
  }

  /** For each row the index of its text in `texts`. */
  texts(name: string, texts: readonly string[], places: Uint32Array): void {
    const [width, bytes] = narrow(places, texts.length);
    const head = Buffer.alloc(24);
    head.writeBigUInt64LE(SHARED_DICTIONARIES, 0);
    head.writeBigUInt64LE(OWN_KEYS | width, 8);
    head.writeBigUInt64LE(BigInt(texts.length), 16);
    this.#column(name, 'LowCardinality(String)', head);
    for (const text of texts) this.#parts.push(prefixed(text));
    this.#parts.push(uint64Bytes(this.#rows), bytes);
  }

  /** `ends` holds, for each row, the number of pairs of all rows up to and including this row. */
  map(name: string, ends: Uint32Array, keys: Uint32Array, values: Uint32Array): void {
    this.#column(name, 'Map(UInt32, UInt32)', bytesOf(wide(ends)));
    this.#parts.push(bytesOf(keys), bytesOf(values));
  }

  rows(): NativeRows {
    const head = Buffer.concat([varint(this.#names.length), varint(this.#rows)]);
    return { columns: this.#names, body: Buffer.concat([head, ...this.#parts]) };
  }

  #column(name: string, type: string, bytes: Uint8Array): void {
    this.#names.push(name);
    this.#parts.push(prefixed(name), prefixed(type), bytes);
  }
}

/** Serialization of LowCardinality: each block has its own dictionary. */
const SHARED_DICTIONARIES = 1n;
const OWN_KEYS = 0x600n;

/** The indexes in the narrowest type that fits, and the code of that type: 0, 1, 2 for one, two and four bytes. */
function narrow(places: Uint32Array, texts: number): [bigint, Uint8Array] {
  if (texts <= 0x100) return [0n, new Uint8Array(places)];
  if (texts <= 0x10000) return [1n, bytesOf(new Uint16Array(places))];
  return [2n, bytesOf(places)];
}

/** Each number as eight bytes, low word first. */
function wide(values: Uint32Array): Uint32Array {
  const words = new Uint32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] ?? 0;
  return words;
}

function wideFloats(values: Float64Array): Uint32Array {
  const words = new Uint32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    words[2 * i] = value;
    if (value >= WORD) words[2 * i + 1] = Math.floor(value / WORD);
  }
  return words;
}

const WORD = 2 ** 32;

function nullsOf(values: Float64Array): Uint8Array {
  const nulls = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) nulls[i] = 1;
  return nulls;
}

function bytesOf(values: Uint16Array | Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function uint64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
