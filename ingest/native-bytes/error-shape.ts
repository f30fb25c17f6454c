import { type AsciiCursor, SPREAD, type ComparableBytes, wordsOf } from './ascii-cursor.ts';
import * as byte from './bytes.ts';
import type { ByteSpan } from './byte-span.ts';

/** A shorter text is no id: it may be a word or a number with a meaning. */
const SHORTEST_ID = 16;
const SHORTEST_QUANTITY = 4;
/** A number with more digits is not exact in JavaScript. */
const LONGEST_NUMBER = 15;
/** Number of visible characters at the end of a masked key. Redaction leaves as many characters visible. */
const KEY_END = 4;
/** `req_`, ` in ` and `. You ca` as little-endian words. */
const REQUEST_ID = 0x5f716572;
const IN = 0x206e6920;
const DOT_YO = 0x6f59202e;
const U_CA = 0x61632075;

// What a byte of a word can be.
const DIGIT = 1;
const HEX_LETTER = 2;
const DASH = 4;
const LETTER = 8;
const kinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[0-9]/.test(char)) return DIGIT;
  if (/[a-f]/.test(char)) return HEX_LETTER;
  if (/[A-Za-z]/.test(char)) return LETTER;
  return char === '-' ? DASH : 0;
});
const durationBytes = new Set(Buffer.from('0123456789.hms'));
const units = new Set(Buffer.from('hms'));
const afterQuantity = new Set(Buffer.from(' ,;)'));

/**
 * An error without the parts that are particular to its request. Errors that differ only in these parts have the same
 * shape.
 * Particular are
 * - ids: at least 16 characters, either digits, dashes and the letters a to f, or digits and any letters after `req_`;
 * - quantities: numbers of at least four digits, as in `Used 29123, Requested 1520`, at a place where no code can be;
 * - durations, as in `try again in 2.4s` and `"retryDelay":"34s"`;
 * - the end of a masked key, as in `provided: sk-****4xYz. You can find`, where OpenAI shows four characters.
 * One object serves all errors in turn.
 */
export class ErrorShape {
  /** Hash of the shape; equal shapes have equal hashes. */
  hash = 0;
  /** Start and end of each particular part, in turn. */
  readonly particulars: number[] = [];

  read(cursor: AsciiCursor, { from, to }: ByteSpan): void {
    const { bytes } = cursor;
    this.particulars.length = 0;
    let hash = 0;
    // Start of the present word, the hash before it, and the kinds of its characters so far.
    let start = from;
    let before = 0;
    let met = 0;
    for (let at = from; at <= to; at++) {
      const kind = at < to ? (kinds[bytes[at] ?? 0] ?? 0) : 0;
      if (kind === 0) {
        let end = (met & DIGIT) === 0 ? 0 : particularEnd(bytes, start, at, met);
        if (at - start === KEY_END && isKeyEnd(bytes, start, at, met)) end = at;
        if (end > 0 && start > from && end <= to) {
          this.particulars.push(start, end);
          hash = Math.imul(before ^ (end - start), SPREAD);
          at = end;
        }
        start = at + 1;
      }
      met = kind === 0 ? 0 : met | kind;
      hash = Math.imul(hash ^ (at < to ? (bytes[at] ?? 0) : 0), SPREAD);
      if (kind === 0) before = hash;
    }
    this.hash = hash ^ (hash >>> 15);
  }
}

/**
 * The end of the particular part that starts at `start`: the end of the word, which ends at `at`, or of a duration that
 * starts with the word. 0 when the word is not particular.
 */
function particularEnd(bytes: Buffer, start: number, at: number, met: number): number {
  const length = at - start;
  const previous = bytes[start - 1] ?? 0;
  const mayBeDuration =
    previous === byte.SPACE
      ? bytes.readInt32LE(start - 4) === IN
      : previous === byte.QUOTE || previous === byte.APOSTROPHE;
  const duration = mayBeDuration ? durationEnd(bytes, start) : 0;
  if (duration > 0) return duration;
  if (previous === byte.SPACE && met === DIGIT)
    return length >= SHORTEST_QUANTITY && isQuantity(bytes, start, at) ? at : 0;
  // After a backslash the first letter belongs to an escape sequence.
  if (length < SHORTEST_ID || previous === byte.BACKSLASH) return 0;
  if ((met & LETTER) === 0) return (met & HEX_LETTER) === 0 ? 0 : at;
  return (met & DASH) === 0 && bytes.readInt32LE(start - 4) === REQUEST_ID ? at : 0;
}

/**
 * Whether the word is the end of a masked key. A word that ends like a duration is not taken, because `fill` would read
 * it as a duration.
 */
function isKeyEnd(bytes: Buffer, start: number, at: number, met: number): boolean {
  return (
    bytes[start - 1] === byte.STAR &&
    bytes[start - 2] === byte.STAR &&
    (met & DASH) === 0 &&
    !units.has(bytes[at - 1] ?? 0) &&
    at + 8 <= bytes.length &&
    bytes.readInt32LE(at) === DOT_YO &&
    bytes.readInt32LE(at + 4) === U_CA
  );
}

/** Whether a number is a quantity. A number after a colon or after the word "error" is a code. */
function isQuantity(bytes: Buffer, start: number, at: number): boolean {
  const word = bytes[start - 2] ?? 0;
  if (at - start > LONGEST_NUMBER || word === byte.COLON || word === byte.LETTER_R) return false;
  if (bytes[start] === byte.ZERO) return false;
  const next = bytes[at] ?? 0;
  // One of several groups of digits may be part of a card or phone number.
  if (kinds[word] === DIGIT || (next === byte.SPACE && kinds[bytes[at + 1] ?? 0] === DIGIT)) return false;
  return next === byte.POINT ? kinds[bytes[at + 1] ?? 0] !== DIGIT : afterQuantity.has(next);
}

function durationEnd(bytes: Buffer, start: number): number {
  let end = start;
  while (durationBytes.has(bytes[end] ?? 0)) end++;
  if (bytes[end - 1] === byte.POINT) end--;
  const isDuration = end - start <= LONGEST_NUMBER && units.has(bytes[end - 1] ?? 0);
  return isDuration && kinds[bytes[end] ?? 0] === 0 ? end : 0;
}

/**
 * What is remembered of an error, to recognise other errors of the same shape: the common parts, and the lengths of the
 * particular parts.
 */
export class KnownShape {
  readonly #parts: ComparableBytes[] = [];
  readonly #lengths: number[] = [];

  constructor(cursor: AsciiCursor, { from, to }: ByteSpan, { particulars }: ErrorShape) {
    let at = from;
    for (let i = 0; i <= particulars.length; i += 2) {
      const end = particulars[i] ?? to;
      this.#parts.push(wordsOf(cursor.bytes.subarray(at, end)));
      at = particulars[i + 1] ?? to;
      if (i < particulars.length) this.#lengths.push(at - end);
    }
  }

  fits(cursor: AsciiCursor, { from, to }: ByteSpan, { particulars }: ErrorShape): boolean {
    if (particulars.length !== this.#lengths.length * 2) return false;
    let at = from;
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i];
      const end = particulars[i * 2] ?? to;
      if (part === undefined || end - at !== part.length) return false;
      if (part.length > 0 && !cursor.holds(at, part)) return false;
      at = particulars[i * 2 + 1] ?? to;
      if (i < this.#lengths.length && at - end !== this.#lengths[i]) return false;
    }
    return true;
  }
}
