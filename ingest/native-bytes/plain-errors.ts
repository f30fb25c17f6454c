import { parsedJson } from '../../domain/parsed-json.ts';
import { type JudgedError, judgeError } from '../rows/judged-error.ts';
import type { Cleaner } from '../fields/clean.ts';
import { isNoError } from '../fields/nothing.ts';
import { toText } from '../formats/decode.ts';
import { type AsciiCursor, type ComparableBytes, wordsOf } from './ascii-cursor.ts';
import { altered, fill, type ErrorFilling, fillingOf, isAlike, nothingToFill } from './error-filling.ts';
import { ErrorShape, KnownShape } from './error-shape.ts';
import type { RememberedText } from './remembered-texts.ts';
import type { ByteSpan } from './byte-span.ts';

/** A power of two. */
const SLOTS = 4096;
/** Longer errors are judged each time: they repeat less, and would use much memory. */
const LONGEST = 1024;

interface Slot {
  provider: string;
  status: number;
  error: KnownShape;
  exception: ComparableBytes;
  judged: JudgedError;
  filling: ErrorFilling;
}

/** The values beside an error that its judgement depends on. */
interface Circumstances {
  exception: string;
  provider: string;
  status: number;
}

/**
 * Remembers judged errors by their bytes, so that a known error is not parsed, redacted and judged again. When requests
 * fail, many fail with the same text and with an id and numbers of their own. An error is remembered when it occurs a
 * second time. Hashes with equal low bits share a slot, so memory stays bounded.
 */
export class PlainErrors {
  readonly #slots: (Slot | null)[] = Array.from({ length: SLOTS }, () => null);
  /** By slot: the hash that occurred last, and the hash of the last error from which nothing could be learned. */
  readonly #seen = new Int32Array(SLOTS);
  readonly #barren = new Int32Array(SLOTS);
  readonly #shape = new ErrorShape();
  readonly #cleaner: Cleaner;

  constructor(cleaner: Cleaner) {
    this.#cleaner = cleaner;
  }

  /**
   * The judgement of an error; null when it is not JSON, not UTF-8, or not an error after all. Empty spans mean that
   * the record has no such member.
   */
  of(
    cursor: AsciiCursor,
    error: ByteSpan,
    exception: ByteSpan,
    { id, value: provider }: RememberedText<string>,
    status: number,
  ): JudgedError | null {
    if (error.length + exception.length > LONGEST)
      return this.#judge(error.bytes(cursor), { exception: exception.text(cursor), provider, status });
    const shape = this.#shape;
    shape.read(cursor, error);
    const hash = shape.hash ^ Math.imul(exception.hash, 31) ^ Math.imul(id, 961) ^ status;
    const place = hash & (SLOTS - 1);
    const known = this.#slots[place] ?? null;
    const isKnown =
      known !== null &&
      known.status === status &&
      known.provider === provider &&
      known.error.fits(cursor, error, shape) &&
      exception.holds(cursor, known.exception);
    if (isKnown) {
      const filled = fill(known.judged, known.filling, textsOf(cursor, shape), this.#cleaner.redactor);
      if (filled !== null) return filled;
    }
    const circumstances = { exception: exception.text(cursor), provider, status };
    const judged = this.#judge(error.bytes(cursor), circumstances);
    const isSecond = this.#seen[place] === hash && this.#barren[place] !== hash;
    this.#seen[place] = hash;
    if (judged !== null && isSecond && !isKnown) {
      const filling = this.#learn(cursor, error, shape, circumstances, judged);
      if (filling === null) this.#barren[place] = hash;
      else
        this.#slots[place] = {
          provider,
          status,
          error: new KnownShape(cursor, error, shape),
          exception: wordsOf(exception.bytes(cursor)),
          // A copy, because small buffers share a block of memory, and this one would keep all of it.
          judged: { ...judged, fields: new Uint8Array(judged.fields) },
          filling,
        };
    }
    return judged;
  }

  /**
   * Learns where in the judgement the numbers and ids of an error are to be filled in, by judging the same error with
   * other numbers and ids. Null when that gives a different judgement.
   */
  #learn(
    cursor: AsciiCursor,
    error: ByteSpan,
    shape: ErrorShape,
    circumstances: Circumstances,
    judged: JudgedError,
  ): ErrorFilling | null {
    const texts = textsOf(cursor, shape);
    if (texts.length === 0) return nothingToFill;
    const others = texts.map(altered);
    const bytes = Buffer.from(error.bytes(cursor));
    for (const [i, text] of others.entries())
      bytes.write(text, (shape.particulars[i * 2] ?? 0) - error.from, 'latin1');
    const other = this.#judge(bytes, circumstances);
    const filling = other === null ? null : fillingOf(others, other);
    if (other === null || filling === null) return null;
    const filled = fill(other, filling, texts, this.#cleaner.redactor);
    return filled !== null && isAlike(filled, judged) ? filling : null;
  }

  #judge(bytes: Buffer, { exception, provider, status }: Circumstances): JudgedError | null {
    const error = bytes.length === 0 ? null : parse(bytes);
    if (error === undefined || (error !== null && isNoError(error))) return null;
    return judgeError({
      provider,
      status,
      error: error === null ? null : this.#cleaner.value(error),
      exception: exception === '' ? '' : this.#cleaner.line(exception),
    });
  }
}

function textsOf(cursor: AsciiCursor, { particulars }: ErrorShape): string[] {
  const texts: string[] = [];
  for (let i = 0; i < particulars.length; i += 2)
    texts.push(cursor.text(particulars[i] ?? 0, particulars[i + 1] ?? 0));
  return texts;
}

/** Undefined when the bytes are not UTF-8 or not JSON. */
function parse(bytes: Buffer): unknown {
  const text = toText(bytes);
  return text === null ? undefined : parsedJson(text);
}
