import { RawRecord } from './source.ts';
import { CHUNK_LINES, LONGEST_LINE, type Splitter } from './line-splitter.ts';

const BLANKS: ReadonlySet<number> = new Set([32, 9, 10, 13, 0x1e]);
const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [34, 92, 44, 10];

/**
 * Splits bytes into JSON documents, however many lines they span, numbered from 0. A list at the top level is opened:
 * each of its elements is a record, so that a list of any size needs only the memory of one element. Only brackets and
 * quotes are examined; the rest is checked when the record is decoded. JSON allows no line end inside a string. So
 * after one the next line is taken as the start of a document, and one truncated document does not swallow those after
 * it.
 */
export class DocumentSplitter implements Splitter {
  next = 0;
  readonly #from: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #depth = 0;
  /** A record has started. */
  #isOpen = false;
  /** The open record is neither an object nor a list: it ends at a comma, a bracket or a line end. */
  #isBare = false;
  #inString = false;
  #escaped = false;
  #inList = false;
  #isFirst = true;

  /** Documents before `from` are only counted. */
  constructor(from: number) {
    this.#from = from;
  }

  push(given: Buffer): RawRecord[][] {
    const bytes = this.#isFirst ? withoutMark(given) : given;
    this.#isFirst &&= given.length === 0;
    const groups: RawRecord[][] = [];
    let records: RawRecord[] = [];
    let start = 0;
    const close = (end: number): void => {
      const record = this.#close(bytes, start, end);
      if (record !== null) records.push(record);
      if (records.length < CHUNK_LINES) return;
      groups.push(records);
      records = [];
    };
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (!this.#isOpen) {
        if (this.#begins(byte)) start = at;
        continue;
      }
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        else if (byte === NEWLINE) {
          this.#inList = false;
          close(at);
        }
      } else if (byte === QUOTE) this.#inString = true;
      else if (this.#isBare) {
        if (byte === NEWLINE || (this.#inList && (byte === COMMA || byte === 0x5d))) {
          close(at);
          if (byte === 0x5d) this.#inList = false;
        }
      } else if (byte === 0x7b || byte === 0x5b) this.#depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) close(at + 1);
    }
    if (this.#isOpen) this.#keep(bytes.subarray(start));
    if (records.length > 0) groups.push(records);
    return groups;
  }

  get rest(): Buffer {
    return Buffer.concat(this.#kept);
  }

  endLine(): RawRecord | null {
    return this.#isOpen ? this.#close(Buffer.alloc(0), 0, 0) : null;
  }

  /** Between records: whether a record starts with this byte. */
  #begins(byte: number): boolean {
    if (BLANKS.has(byte) || (byte === COMMA && this.#inList)) return false;
    if (byte === 0x5d && this.#inList) {
      this.#inList = false;
      return false;
    }
    if (byte === 0x5b && !this.#inList) {
      this.#inList = true;
      return false;
    }
    this.#isOpen = true;
    this.#isBare = byte !== 0x7b && byte !== 0x5b;
    this.#depth = 1;
    this.#inString = byte === QUOTE;
    return true;
  }

  #close(bytes: Buffer, start: number, end: number): RawRecord | null {
    this.#isOpen = false;
    this.#inString = false;
    this.#escaped = false;
    const whole =
      this.#keptBytes === 0
        ? bytes.subarray(start, end)
        : Buffer.concat([...this.#kept, bytes.subarray(0, end)]);
    this.#kept = [];
    this.#keptBytes = 0;
    const number = this.next++;
    return number < this.#from ? null : new RawRecord(number, whole);
  }

  #keep(bytes: Buffer): void {
    if (this.#keptBytes >= LONGEST_LINE) return;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
  }
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
