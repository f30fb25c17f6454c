import { type JudgedError, judgeError } from '../../failure.ts';
import { cleanText } from '../clean.ts';
import { toText } from '../decode.ts';
import { redactText, redactValue } from '../redact.ts';
import { type AsciiCursor, type Words, wordsOf } from './ascii-cursor.ts';
import { ErrorShape, KnownShape } from './error-shape.ts';
import type { Span } from './span.ts';

/** A power of two. */
const SLOTS = 4096;
/** Longer errors are judged each time: they repeat less, and would take much memory. */
const LONGEST = 1024;

interface Slot {
  provider: string;
  status: number;
  error: KnownShape;
  exception: Words;
  judged: JudgedError;
  /** Where each id stands in the fields. */
  copies: readonly (readonly number[])[];
}

/**
 * Errors by their bytes, parsed, redacted and judged once. When requests fail, many fail with the same words and an id
 * of their own; those that come a second time are remembered. Each hash has one slot, so memory stays bounded.
 */
export class PlainErrors {
  readonly #slots: (Slot | null)[] = Array.from({ length: SLOTS }, () => null);
  /** The hash that came last to each slot without being remembered. */
  readonly #seen = new Int32Array(SLOTS);
  readonly #shape = new ErrorShape();

  /** Null when the error is no JSON, no UTF-8, or none after all. Empty spans stand for what the record does not say. */
  of(
    cursor: AsciiCursor,
    error: Span,
    exception: Span,
    provider: string,
    status: number,
  ): JudgedError | null {
    if (error.length + exception.length > LONGEST) return judge(cursor, error, exception, provider, status);
    const shape = this.#shape;
    shape.read(cursor, error);
    const hash = shape.hash ^ Math.imul(exception.hash, 31) ^ status;
    const place = hash & (SLOTS - 1);
    const known = this.#slots[place] ?? null;
    if (
      known !== null &&
      known.status === status &&
      known.provider === provider &&
      known.error.fits(cursor, error, shape) &&
      exception.holds(cursor, known.exception)
    ) {
      if (shape.ids.length === 0) return known.judged;
      const fields = withIds(cursor, known, shape.ids);
      if (fields !== null) return { reading: known.judged.reading, fields };
    }
    const judged = judge(cursor, error, exception, provider, status);
    const copies = judged !== null && this.#seen[place] === hash ? copiesOf(cursor, shape.ids, judged) : null;
    if (judged !== null && copies !== null)
      this.#slots[place] = {
        provider,
        status,
        error: new KnownShape(cursor, error, shape),
        exception: wordsOf(exception.bytes(cursor)),
        // A copy: small buffers share a slab, all of which this one would keep.
        judged: { ...judged, fields: new Uint8Array(judged.fields) },
        copies,
      };
    this.#seen[place] = hash;
    return judged;
  }
}

/** Where each id stands in the fields; null when one is not there as it came, or two cannot be told apart. */
function copiesOf(cursor: AsciiCursor, ids: readonly number[], { fields }: JudgedError): number[][] | null {
  const all = Buffer.from(fields.buffer, fields.byteOffset, fields.length);
  const copies: number[][] = [];
  let bytes = 0;
  const taken = new Set<number>();
  for (let i = 0; i < ids.length; i += 2) {
    const id = cursor.bytes.subarray(ids[i], ids[i + 1]);
    const places: number[] = [];
    for (let at = all.indexOf(id); at >= 0; at = all.indexOf(id, at + 1)) places.push(at);
    if (places.length === 0) return null;
    for (const at of places) for (let k = 0; k < id.length; k++) taken.add(at + k);
    bytes += places.length * id.length;
    copies.push(places);
  }
  return taken.size === bytes ? copies : null;
}

/** The fields with the ids of this error in place of those it was remembered with; null when one holds a secret. */
function withIds(cursor: AsciiCursor, { judged, copies }: Slot, ids: readonly number[]): Uint8Array | null {
  const fields = Buffer.from(judged.fields);
  for (const [i, places] of copies.entries()) {
    const from = ids[i * 2] ?? 0;
    const to = ids[i * 2 + 1] ?? 0;
    const id = cursor.text(from, to);
    if (redactText(id) !== id) return null;
    for (const at of places) fields.write(id, at, 'latin1');
  }
  return fields;
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
