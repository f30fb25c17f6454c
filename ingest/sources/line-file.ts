import type { FileHandle } from 'node:fs/promises';
import { isWholeJson } from './json-end.ts';
import { LineSplitter } from './line-splitter.ts';
import type { RawRecord } from './source.ts';

/**
 * What a last line without its line end is: `waits`: not finished until its end is there; `json`: finished when it is a
 * whole JSON object or list, which the next import recognises as the same line when its end is there; `line`: a line.
 */
export type LastLine = 'waits' | 'json' | 'line';

/** One look at a file: lines; the present end; or `changed`: what has been read is no longer what the file holds there. */
export type Read = RawRecord[][] | 'end' | 'changed';

/** The records of an open file, read from the front, again after each `rewind`. */
export interface RecordFile {
  /** Number of the record that is read next. */
  readonly next: number;
  /** Records read so far, a last one without its end included where that counts. */
  readonly lines: number;
  /** Bytes of a last record that is not finished. */
  readonly unfinished: number;
  /** Why it was not read to its end, to be said after its name; null while nothing is wrong. */
  readonly damage: string | null;
  /** The next records will be those from this number on. */
  rewind(from: number): void;
  read(): Promise<Read>;
  /** Takes the last record for finished where it may be: nobody will write its end. */
  finish(): RawRecord | null;
}

const PIECE = 1024 * 1024;
/** Bytes before the position that are read again with what follows, to notice a file that was cut or written anew. */
const OVERLAP = 64;

/**
 * A file of lines that may grow, be cut, or be written anew while it is read. Reads at positions of its own, always
 * whole pieces where the file holds them: lines come in the same groups each time an unchanged file is read.
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

  /** Number of the line that is read next. */
  get next(): number {
    return this.#splitter.next;
  }

  /** Lines read so far, a last one without its end included when it is whole JSON. */
  get lines(): number {
    return this.#splitter.next + (isWholeJson(this.#splitter.rest) ? 1 : 0);
  }

  /** Bytes of a last line that is not finished. */
  get unfinished(): number {
    return this.#splitter.rest.length + this.#splitter.held;
  }

  /** The next lines will be those from this number on. */
  rewind(from: number): void {
    this.#splitter = new LineSplitter(from);
    this.#position = 0;
    this.#overlap = Buffer.alloc(0);
    this.#finished = false;
  }

  async read(): Promise<Read> {
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

  /** Takes the last line for finished when it is whole JSON: nobody will write its end. */
  finish(): RawRecord | null {
    return isWholeJson(this.#splitter.rest) ? this.#splitter.endLine() : null;
  }

  #endOfFile(): Read {
    if (this.#last === 'waits') return 'end';
    this.#finished = true;
    const line = this.#last === 'line' ? this.#splitter.endLine() : this.finish();
    return line === null ? 'end' : [[line]];
  }
}

/** As many bytes as asked for, fewer only at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === length) return buffer.subarray(0, filled);
  }
}
