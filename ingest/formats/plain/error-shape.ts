import { type AsciiCursor, type Words, wordsOf } from './ascii-cursor.ts';
import * as byte from './bytes.ts';
import type { Span } from './span.ts';

/** Shorter ones may be words or numbers that mean something. */
const SHORTEST_ID = 16;
const SPREAD = 0x9e3779b1 | 0;
const REQUEST_ID = 0x5f716572;

// What a byte may be in an id.
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

/**
 * An error without the ids of its request: what errors share that differ in nothing else. An id stands alone, has 16
 * characters or more, and is of digits, dashes and the letters a to f, or of digits and any letters after `req_`.
 * One object serves one error after the other.
 */
export class ErrorShape {
  /** A number that equal shapes share. */
  hash = 0;
  /** Where the ids begin and end, in turn. */
  readonly ids: number[] = [];

  read(cursor: AsciiCursor, { from, to }: Span): void {
    const { bytes } = cursor;
    this.ids.length = 0;
    let hash = 0;
    // The run that may become an id, the hash before it, and what it is made of.
    let start = from;
    let before = 0;
    let met = 0;
    for (let at = from; at <= to; at++) {
      const one = at < to ? (bytes[at] ?? 0) : 0;
      const kind = kinds[one] ?? 0;
      if (kind !== 0) {
        met |= kind;
        hash = Math.imul(hash ^ one, SPREAD);
        continue;
      }
      if (at - start >= SHORTEST_ID && (met & DIGIT) !== 0 && isId(cursor, from, start, met)) {
        this.ids.push(start, at);
        hash = Math.imul(before ^ (at - start), SPREAD);
      }
      hash = Math.imul(hash ^ one, SPREAD);
      before = hash;
      start = at + 1;
      met = 0;
    }
    this.hash = hash ^ (hash >>> 15);
  }
}

function isId({ bytes }: AsciiCursor, from: number, start: number, met: number): boolean {
  // After a backslash the first letter belongs to an escape.
  if (start === from || bytes[start - 1] === byte.BACKSLASH) return false;
  if ((met & LETTER) === 0) return (met & HEX_LETTER) !== 0;
  return (met & DASH) === 0 && start - from >= 4 && bytes.readInt32LE(start - 4) === REQUEST_ID;
}

/** What is kept of an error to know another of its shape: the stretches around its ids, and how long these are. */
export class KnownShape {
  readonly #parts: Words[] = [];
  readonly #lengths: number[] = [];

  constructor(cursor: AsciiCursor, { from, to }: Span, { ids }: ErrorShape) {
    let at = from;
    for (let i = 0; i <= ids.length; i += 2) {
      const end = ids[i] ?? to;
      this.#parts.push(wordsOf(cursor.bytes.subarray(at, end)));
      at = ids[i + 1] ?? to;
      if (i < ids.length) this.#lengths.push(at - end);
    }
  }

  fits(cursor: AsciiCursor, { from, to }: Span, { ids }: ErrorShape): boolean {
    if (ids.length !== this.#lengths.length * 2) return false;
    let at = from;
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i];
      const end = ids[i * 2] ?? to;
      if (part === undefined || end - at !== part.length) return false;
      if (part.length > 0 && !cursor.holds(at, part)) return false;
      at = ids[i * 2 + 1] ?? to;
      if (i < this.#lengths.length && at - end !== this.#lengths[i]) return false;
    }
    return true;
  }
}
