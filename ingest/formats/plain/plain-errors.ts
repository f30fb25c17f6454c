import { type JudgedError, judgeError } from '../../failure.ts';
import { cleanText } from '../clean.ts';
import { toText } from '../decode.ts';
import { redactValue } from '../redact.ts';
import { type AsciiCursor, type Words, wordsOf } from './ascii-cursor.ts';
import type { Span } from './span.ts';

/** A power of two. */
const SLOTS = 4096;
/** Longer errors are judged each time: they repeat less, and would take much memory. */
const LONGEST = 1024;

interface Slot {
  provider: string;
  status: number;
  error: Words;
  exception: Words;
  judged: JudgedError;
}

/**
 * Errors by their bytes, parsed, redacted and judged once. When requests fail, many fail with the same words; those that
 * come a second time are remembered. Each hash has one slot, so memory stays bounded.
 */
export class PlainErrors {
  readonly #slots: (Slot | null)[] = Array.from({ length: SLOTS }, () => null);
  /** The hash that came last to each slot without being remembered. */
  readonly #seen = new Int32Array(SLOTS);

  /** Null when the error is no JSON, no UTF-8, or none after all. Empty spans stand for what the record does not say. */
  of(
    cursor: AsciiCursor,
    error: Span,
    exception: Span,
    provider: string,
    status: number,
  ): JudgedError | null {
    const hash = error.hash ^ Math.imul(exception.hash, 31) ^ status;
    const place = hash & (SLOTS - 1);
    const known = this.#slots[place] ?? null;
    if (
      known !== null &&
      known.status === status &&
      known.provider === provider &&
      error.holds(cursor, known.error) &&
      exception.holds(cursor, known.exception)
    )
      return known.judged;
    const judged = judge(cursor, error, exception, provider, status);
    if (judged === null || error.length + exception.length > LONGEST) return judged;
    if (this.#seen[place] === hash) {
      this.#slots[place] = {
        provider,
        status,
        error: wordsOf(error.bytes(cursor)),
        exception: wordsOf(exception.bytes(cursor)),
        // A copy: small buffers share a slab, all of which this one would keep.
        judged: { ...judged, fields: new Uint8Array(judged.fields) },
      };
    }
    this.#seen[place] = hash;
    return judged;
  }
}

function judge(
  cursor: AsciiCursor,
  error: Span,
  exception: Span,
  provider: string,
  status: number,
): JudgedError | null {
  const parsed = error.length === 0 ? null : parse(error.bytes(cursor));
  if (parsed === undefined) return null;
  return judgeError({
    provider,
    status,
    error: parsed === null ? null : redactValue(parsed),
    exception: exception.length === 0 ? '' : cleanText(exception.text(cursor)),
  });
}

/** Undefined when the bytes are no JSON. */
function parse(bytes: Buffer): unknown {
  const text = toText(bytes);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
