import { csvRows } from './csv-rows.ts';
import { type InputShape, SHAPE_BYTES, shapeOf, type TextShape } from './input-shape.ts';
import { DocumentSplitter } from './json-documents.ts';
import type { LastLine } from './line-file.ts';
import { CHUNK_LINES, LineSplitter, type Splitter } from './line-splitter.ts';
import { isWholeJson } from './json-end.ts';
import { RawRecord } from './source.ts';
import { DamageError, TrailingError } from './pump.ts';
import { after, reencoded, unpacked } from './transform.ts';

/** The word for a record of an input in messages. */
export type RecordUnit = 'line' | 'document' | 'row';

/** At most this many layers are removed: compression, encoding, and compression again. More layers are a mistake. */
const MOST_LAYERS = 3;

/**
 * The records of bytes that are read once from the start, whatever their shape, and what is known about them so far.
 */
export class UnpackedRecords {
  /** Number of the next record. */
  next = 0;
  /** Bytes of a last record that is not complete. */
  unfinished = 0;
  /**
   * Why the input was not read to its end, as the rest of a sentence that starts with the input's name; null while
   * nothing is wrong.
   */
  damage: string | null = null;
  /** Null until enough was read. */
  shape: TextShape | null = null;
  /** Whether the bytes are compressed, so that their end is final. */
  isPacked = false;
  #isAsWritten = true;
  readonly #name: string;
  readonly #from: number;
  readonly #last: LastLine;
  readonly #groups: AsyncGenerator<RawRecord[][]>;

  /**
   * Records before `from` are only counted; `last` decides about a last record without its end. `name` is for messages.
   */
  constructor(pieces: AsyncIterable<Buffer>, name: string, from: number, last: LastLine) {
    this.#name = name;
    this.#from = from;
    this.#last = last;
    this.#groups = this.#read(pieces);
  }

  /** Whether the records are plain lines of the bytes; false until enough was read. */
  get isPlain(): boolean {
    return this.#isAsWritten && this.shape?.kind === 'lines';
  }

  /** The next records, in groups to be processed one at a time; null at the end. Throws when the input is not a log. */
  async read(): Promise<RawRecord[][] | null> {
    const { value, done } = await this.#groups.next();
    return done === true ? null : value;
  }

  /** Frees what uncompressing holds. */
  close(): void {
    void this.#groups.return(undefined).catch(() => undefined);
  }

  async *#read(pieces: AsyncIterable<Buffer>): AsyncGenerator<RawRecord[][]> {
    try {
      const text = await this.#openText(pieces);
      if (text === null) return;
      this.shape = text.shape;
      if (text.shape.kind === 'csv') yield* this.#readRows(text.pieces, text.shape.delimiter);
      else yield* this.#split(text.pieces, splitterOf(text.shape, this.#from));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      this.damage = error.message;
    }
  }

  /** Removes compression and encoding around the text. */
  async #openText(
    given: AsyncIterable<Buffer>,
  ): Promise<{ shape: TextShape; pieces: AsyncIterable<Buffer> } | null> {
    let pieces = given;
    for (let layer = 0; layer <= MOST_LAYERS; layer++) {
      const begun = await readHead(pieces);
      if (begun === null) return null;
      const { shape, all } = begun;
      if (shape.kind === 'packed' || shape.kind === 'encoded') this.#isAsWritten = false;
      if (shape.kind === 'packed') {
        this.isPacked = true;
        pieces = this.#toItsEnd(unpacked(all, shape.codec));
      } else if (shape.kind === 'encoded') pieces = reencoded(all, shape.encoding);
      else if (shape.kind === 'foreign') throw notALog(this.#name, shape);
      else return { shape, pieces: all };
    }
    throw notALog(this.#name, { what: `packed more than ${MOST_LAYERS} times`, todo: 'unpack it first' });
  }

  /**
   * Passes on the content of a packed file. Bytes after its end are reported as damage, and the content is still read.
   */
  async *#toItsEnd(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* pieces;
    } catch (error) {
      if (!(error instanceof TrailingError)) throw error;
      this.damage = error.message;
    }
  }

  async *#split(pieces: AsyncIterable<Buffer>, splitter: Splitter): AsyncGenerator<RawRecord[][]> {
    try {
      for await (const piece of pieces) {
        const groups = splitter.push(piece);
        this.next = splitter.next;
        if (groups.length > 0) yield groups;
      }
      const { rest } = splitter;
      const counts = this.isPacked || this.#last === 'line' || (this.#last === 'json' && isWholeJson(rest));
      const records = counts ? splitter.endLine() : [];
      this.next = splitter.next;
      if (records.length > 0) yield [records];
    } finally {
      this.unfinished = splitter.rest.length + splitter.held;
    }
  }

  async *#readRows(
    given: AsyncIterable<Buffer>,
    delimiter: Parameters<typeof csvRows>[1],
  ): AsyncGenerator<RawRecord[][]> {
    /** Number of bytes after the last line end. */
    let tail = 0;
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of given) {
        const end = piece.lastIndexOf(10);
        tail = end < 0 ? tail + piece.length : piece.length - end - 1;
        yield piece;
      }
    };
    let held: Buffer | null = null;
    let records: RawRecord[] = [];
    const take = (row: Buffer): void => {
      const number = this.next++;
      if (number >= this.#from) records.push(new RawRecord(number, row));
    };
    let damage: DamageError | null = null;
    try {
      for await (const row of csvRows(pieces(), delimiter)) {
        if (held !== null) take(held);
        held = row;
        if (records.length < CHUNK_LINES) continue;
        yield [records];
        records = [];
      }
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      damage = error;
    }
    // At the end of the input, a half-written row looks like a complete row. Before a damaged position, only complete
    // rows are known.
    const isWhole = tail === 0 || damage !== null || this.isPacked || this.#last === 'line';
    if (held !== null && isWhole) take(held);
    if (!isWhole || damage !== null) this.unfinished = tail;
    if (records.length > 0) yield [records];
    if (damage !== null) throw damage;
  }
}

/** The shape of the first bytes, and all bytes from the start; null when there are none. */
async function readHead(
  pieces: AsyncIterable<Buffer>,
): Promise<{ shape: InputShape; all: AsyncIterable<Buffer> } | null> {
  const source = pieces[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let damage: DamageError | null = null;
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (damage !== null) throw damage;
    yield* { [Symbol.asyncIterator]: () => source };
  };
  for (;;) {
    const { value, done } = await source.next().catch((error: unknown) => {
      if (!(error instanceof DamageError)) throw error;
      damage = error;
      return { value: undefined, done: true as const };
    });
    if (done !== true) head = Buffer.concat([head, value]);
    if (done === true && head.length === 0 && damage === null) return null;
    const shape = shapeOf(head.subarray(0, SHAPE_BYTES), done === true);
    if (shape !== null) return { shape, all: after(head, rest()) };
  }
}

function splitterOf(shape: TextShape, from: number): Splitter {
  return shape.kind === 'documents' ? new DocumentSplitter(from) : new LineSplitter(from);
}

/** An error of one line that says what the file is and what to do. */
function notALog(name: string, { what, todo }: { what: string; todo: string }): Error {
  return Object.assign(new Error(`${name} is ${what}: ${todo}`), { code: 'not_a_log' });
}

/** The word for a record of this shape; `line` while the shape is unknown. */
export function unitOf(shape: TextShape | null): RecordUnit {
  if (shape === null || shape.kind === 'lines') return 'line';
  return shape.kind === 'csv' ? 'row' : 'document';
}
