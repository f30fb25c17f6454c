import type { FileHandle } from 'node:fs/promises';
import { isWholeJson } from './json-end.ts';
import { LineSplitter } from './line-splitter.ts';
import type { RawRecord } from './source.ts';

/**
 * When a last line without its line end counts. `waits`: not before its line end is written. `json`: when the line is a
 * complete JSON object or list; when the line end has been written later, the next import recognises the line. `line`:
 * always.
 */
export type LastLine = 'waits' | 'json' | 'line';

/** The result of one read: lines; no more at present; or `changed`: the file no longer holds what was read before. */
export type LinesRead = RawRecord[][] | 'end' | 'changed';

/** The records of an open file, read from the start, and again after each `rewind`. */
export interface RecordFile {
  /** Number of the next record. */
  readonly next: number;
  /** Number of records read so far. A last record without its end is included if it counts. */
  readonly lines: number;
  /** Bytes of a last record that is not complete. */
  readonly unfinished: number;
  /**
   * Why the file was not read to its end, as the rest of a sentence that starts with the file's name; null while
   * nothing is wrong.
   */
  readonly damage: string | null;
  /** After this call, `read` returns the records from this number on. */
  rewind(from: number): void;
  read(): Promise<LinesRead>;
  /** Takes the last record as complete if possible, because nobody will write its end. */
  finish(): RawRecord | null;
}

const PIECE = 1024 * 1024;
/** This many bytes before the position are read again, to detect a file that was truncated or replaced. */
const OVERLAP = 64;

/**
 * A file of lines that may grow, be truncated, or be replaced while it is read. Reading keeps its own positions and
 * takes whole pieces, as far as the file has them. So each time an unchanged file is read, lines come in the same
 * groups.
 */
export class LineFile implements RecordFile {
  readonly damage = null;
  readonly #handle: FileHandle;
  readonly #last: LastLine;
  #splitter = new LineSplitter(0);
  #position = 0;
  #overlap: Buffer = Buffer.alloc(0);
  #finished = false;

  constructor(handle: FileHandle, last: LastLine) {
    this.#handle = handle;
    this.#last = last;
  }

  get next(): number {
    return this.#splitter.next;
  }

  /** Number of lines read so far. A last line without its line end is included if it is complete JSON. */
  get lines(): number {
    return this.#splitter.next + (isWholeJson(this.#splitter.rest) ? 1 : 0);
  }

  /** Bytes of a last line that is not complete. */
  get unfinished(): number {
    return this.#splitter.rest.length + this.#splitter.held;
  }

  /** After this call, `read` returns the lines from this number on. */
  rewind(from: number): void {
    this.#splitter = new LineSplitter(from);
    this.#position = 0;
    this.#overlap = Buffer.alloc(0);
    this.#finished = false;
  }

  async read(): Promise<LinesRead> {
    if (this.#finished) return 'end';
    const overlap = this.#overlap;
    const bytes = await readAt(this.#handle, this.#position - overlap.length, overlap.length + PIECE);
    if (!bytes.subarray(0, overlap.length).equals(overlap)) return 'changed';
    const more = bytes.subarray(overlap.length);
    if (more.length === 0) return this.#endOfFile();
    this.#position += more.length;
    this.#overlap = Buffer.from(bytes.subarray(Math.max(0, bytes.length - OVERLAP)));
    return this.#splitter.push(more);
  }

  /** Takes the last line as complete if it is complete JSON, because nobody will write its line end. */
  finish(): RawRecord | null {
    return isWholeJson(this.#splitter.rest) ? (this.#splitter.endLine()[0] ?? null) : null;
  }

  #endOfFile(): LinesRead {
    if (this.#last === 'waits') return 'end';
    this.#finished = true;
    const line = this.#last === 'line' ? this.#splitter.endLine()[0] : this.finish();
    return line ? [[line]] : 'end';
  }
}

/** Reads `length` bytes; fewer only at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === length) return buffer.subarray(0, filled);
  }
}
