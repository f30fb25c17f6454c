import { ContainerLines } from './container-lines.ts';
import { RawRecord } from './source.ts';

/** A longer line is cut, so that an endless line cannot fill the memory. The cut line becomes a dead letter. */
export const LONGEST_LINE = 4 * 1024 * 1024;
/** Number of lines that are delivered at a time. */
export const CHUNK_LINES = 2_000;

/** Splits bytes into records, numbered from 0. */
export interface Splitter {
  /** Number of the next record. */
  next: number;
  /** The records that end in these bytes, in groups to be processed one at a time. */
  push(bytes: Buffer): RawRecord[][];
  /** The bytes after the last end of a record; cut when too long for a record. */
  readonly rest: Buffer;
  /** Bytes of records that started and need further records to be complete. */
  readonly held: number;
  /**
   * Takes the rest as a record. The rest becomes several records if only the end of the input shows that a record in it
   * was truncated. Records before the first wanted one are left out.
   */
  endLine(): RawRecord[];
}

/**
 * Splits bytes into lines without their line ends, numbered from 0. An empty line is a tombstone, so that it counts as
 * skipped. Bytes after the last line end wait for more bytes. Lines that a container runtime cut are joined.
 */
export class LineSplitter implements Splitter {
  next = 0;
  readonly #from: number;
  readonly #container = new ContainerLines();
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** Lines before `from` are only counted. */
  constructor(from: number) {
    this.#from = from;
  }

  /** The lines that end in these bytes, in groups to be processed one at a time. */
  push(bytes: Buffer): RawRecord[][] {
    const groups: RawRecord[][] = [];
    let lines: RawRecord[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const number = this.next++;
      const isWanted = number >= this.#from;
      if (this.#restBytes > 0 || this.#container.concerns(bytes, start)) {
        // Lines before the first wanted line are joined, too: a wanted line may end a line that started before it.
        const line = this.#container.take(this.#line(number, bytes, start, end));
        if (isWanted) lines.push(line);
      } else if (isWanted) lines.push(this.#line(number, bytes, start, end));
      this.#rest = [];
      this.#restBytes = 0;
      start = end + 1;
      if (lines.length >= CHUNK_LINES) {
        groups.push(lines);
        lines = [];
      }
    }
    if (start < bytes.length && this.#restBytes < LONGEST_LINE) {
      this.#rest.push(bytes.subarray(start));
      this.#restBytes += bytes.length - start;
    }
    if (lines.length > 0) groups.push(lines);
    return groups;
  }

  /** The bytes after the last line end; cut when too long for a line. */
  get rest(): Buffer {
    return Buffer.concat(this.#rest);
  }

  get held(): number {
    return this.#container.held;
  }

  /** Takes the rest as a line; empty when there is no rest, or when it is before `from`. */
  endLine(): RawRecord[] {
    if (this.#restBytes === 0) return [];
    const number = this.next++;
    const line = number < this.#from ? [] : [this.#container.take(this.#line(number, Buffer.alloc(0), 0, 0))];
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  #line(number: number, bytes: Buffer, start: number, end: number): RawRecord {
    if (this.#restBytes === 0) return toLine(number, bytes, start, end);
    const whole = Buffer.concat([...this.#rest, bytes.subarray(start, end)]);
    return toLine(number, whole, 0, whole.length);
  }
}

function toLine(number: number, bytes: Buffer, from: number, to: number): RawRecord {
  const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
  return end === from ? new RawRecord(number, null) : new RawRecord(number, bytes, from, end);
}
