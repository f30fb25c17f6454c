import { RawRecord } from './source.ts';
import { CHUNK_LINES, LONGEST_LINE, type Splitter } from './line-splitter.ts';

const BLANKS: ReadonlySet<number> = new Set([32, 9, 10, 13, 0x1e]);
const [QUOTE, BACKSLASH, COMMA, COLON, NEWLINE] = [34, 92, 44, 58, 10];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Splits bytes into JSON documents, however many lines they span, numbered from 0. A list at the top level is opened:
 * each of its elements is a record, so that a list of any size needs only the memory of one element. Only brackets and
 * quotes are examined; the rest is checked when the record is decoded.
 *
 * A truncated document must not swallow the documents after it. JSON allows no line end inside a string, so a line end
 * there ends the document. A document that was truncated outside a string looks whole until an object or list starts
 * where JSON allows none. The document then ends at the first later line that starts with `{` or `[`, and reading
 * continues there.
 */
export class DocumentSplitter implements Splitter {
  next = 0;
  readonly #from: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** The closing byte of each open object or list. */
  #closers: number[] = [];
  /** The last byte of the open record outside strings that is not blank. */
  #before = 0;
  /** The open record has a bracket where JSON allows none. */
  #isBroken = false;
  /** Offset in the open record of the first line that starts with `{` or `[`; -1 when there is none. */
  #resume = -1;
  /** Bytes given so far, and bytes read again. The second never exceeds the first, whatever the input. */
  #given = 0;
  #readAgain = 0;
  /** The last byte of the previous piece. */
  #lastByte = NEWLINE;
  /** A record has begun. */
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
    this.#given += bytes.length;
    return this.#read(bytes, false);
  }

  get rest(): Buffer {
    return Buffer.concat(this.#kept);
  }

  get held(): number {
    return 0;
  }

  endLine(): RawRecord[] {
    return this.#read(Buffer.alloc(0), true).flat();
  }

  /** The records that end in these bytes; with `isEnd`, the open record ends, too. */
  #read(given: Buffer, isEnd: boolean): RawRecord[][] {
    const groups: RawRecord[][] = [];
    let records: RawRecord[] = [];
    let bytes = given;
    let start = 0;
    const close = (end: number): void => {
      const record = this.#close(bytes, start, end);
      if (record !== null) records.push(record);
      if (records.length < CHUNK_LINES) return;
      groups.push(records);
      records = [];
    };
    const mayCut = (at: number): boolean =>
      this.#mayGoBack(this.#keptBytes + at - start, this.#given - (bytes.length - at));
    /** Ends the open record at `#resume`, where another record seems to start, and reads again from there. */
    const cut = (): number => {
      if (this.#keptBytes > 0) {
        bytes = Buffer.concat([...this.#kept, bytes]);
        this.#kept = [];
        this.#keptBytes = 0;
      }
      const at = start + this.#resume;
      this.#inList = false;
      close(at);
      return at;
    };
    for (let at = 0; ; at++) {
      if (at >= bytes.length) {
        if (!isEnd || !this.#isOpen) break;
        if (mayCut(at)) at = cut();
        else close(at);
        if (at >= bytes.length) break;
      }
      const byte = bytes[at] ?? 0;
      if (!this.#isOpen) {
        if (this.#begins(byte, this.#isLineStart(bytes, at))) start = at;
        continue;
      }
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        else if (byte === NEWLINE) {
          if (mayCut(at)) at = cut() - 1;
          else close(at);
          this.#inList = false;
        }
        continue;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (this.#isBare) {
        if (byte === NEWLINE || (this.#inList && (byte === COMMA || byte === CLOSE_LIST))) {
          close(at);
          if (byte === CLOSE_LIST) this.#inList = false;
        }
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.#opens(byte, this.#keptBytes + at - start, this.#isLineStart(bytes, at));
        if (this.#isBroken && mayCut(at)) {
          at = cut() - 1;
          continue;
        }
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.#isBroken ||= this.#closers.pop() !== byte;
        if (this.#closers.length === 0) close(at + 1);
      }
      if (byte > 32) this.#before = byte;
    }
    if (this.#isOpen) this.#keep(bytes.subarray(start));
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    if (records.length > 0) groups.push(records);
    return groups;
  }

  /**
   * Between records: whether a record starts with this byte. Commas are ignored, and so are the closing brackets of
   * truncated lists.
   */
  #begins(byte: number, isLineStart: boolean): boolean {
    if (BLANKS.has(byte) || byte === COMMA) return false;
    if (byte === CLOSE_LIST) {
      this.#inList = false;
      return false;
    }
    // At the start of a line, this bracket opens a new list: the list before was truncated between two elements.
    if (byte === OPEN_LIST && (!this.#inList || isLineStart)) {
      this.#inList = true;
      return false;
    }
    this.#isOpen = true;
    this.#isBare = byte !== OPEN_OBJECT && byte !== OPEN_LIST;
    this.#closers = this.#isBare ? [] : [closerOf(byte)];
    this.#inString = byte === QUOTE;
    this.#before = byte;
    this.#isBroken = false;
    this.#resume = -1;
    return true;
  }

  /** Within a record: an object or list starts at this offset. */
  #opens(byte: number, place: number, isLineStart: boolean): void {
    const mayStand =
      this.#before === COLON ||
      this.#before === OPEN_LIST ||
      (this.#before === COMMA && this.#closers.at(-1) === CLOSE_LIST);
    this.#isBroken ||= !mayStand;
    if (isLineStart && this.#resume < 0) this.#resume = place;
    this.#closers.push(closerOf(byte));
  }

  /** Whether to go back from this offset of the open record to `#resume`; `given` counts all bytes before the offset. */
  #mayGoBack(place: number, given: number): boolean {
    if (this.#resume < 0) return false;
    const back = place - this.#resume;
    if (this.#readAgain + back > given || this.#keptBytes >= LONGEST_LINE) {
      // Going back so far would cost too much. The record ends at the next line that starts with `{` or `[`.
      this.#resume = -1;
      return false;
    }
    this.#readAgain += back;
    return true;
  }

  #isLineStart(bytes: Buffer, at: number): boolean {
    return (at === 0 ? this.#lastByte : bytes[at - 1]) === NEWLINE;
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

function closerOf(byte: number): number {
  return byte === OPEN_LIST ? CLOSE_LIST : CLOSE_OBJECT;
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
