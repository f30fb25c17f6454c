import { goDuration, LONG_WAIT } from '../classify/engine/wait-time.ts';
import type { JudgedError } from '../rows/judged-error.ts';
import type { Redactor } from '../redact/redact.ts';

/** Where the particular texts of a request appear in the judgement of its error. */
export interface ErrorFilling {
  /** For each particular text, its positions in the fields. */
  readonly places: readonly (readonly number[])[];
  /** Index of the text that is the waiting time; -1: none. */
  readonly wait: number;
}

/** Shorter texts are numbers and durations; a number of this length may be a card number. */
const SHORTEST_SECRET = 12;
/** Length of the visible end of a masked key. It may contain letters, unlike a quantity of that length. */
const KEY_END = 4;
/** No duration ends in one of these letters. */
const KEY_LETTERS = 'QVWXYJKB';
/** Ids have at least this length; durations are shorter. */
const SHORTEST_ID = 16;

export const nothingToFill: ErrorFilling = { places: [], wait: -1 };

/**
 * Finds where the particular texts of an error appear in its judgement. Null when one of these texts does not appear
 * unchanged (for example a number that was redacted), or when the places of two texts overlap.
 */
export function fillingOf(particulars: readonly string[], judged: JudgedError): ErrorFilling | null {
  const fields = Buffer.from(judged.fields);
  const places = particulars.map((text) => placesOf(fields, text));
  const taken = places.flatMap((ones, i) =>
    ones.flatMap((at) => Array.from({ length: particulars[i]?.length ?? 0 }, (_, k) => at + k)),
  );
  if (places.some((ones) => ones.length === 0) || new Set(taken).size < taken.length) return null;
  const { wait } = judged.reading;
  const waits = wait === null ? -1 : particulars.findIndex((text) => goDuration(text) === wait);
  // A duration of this error is too long to be a waiting time, but in another error of this shape it may be short
  // enough.
  if (waits < 0 && particulars.some(isDuration)) return null;
  return { places, wait: waits };
}

function isDuration(text: string): boolean {
  return text.length < SHORTEST_ID && /[hms]$/.test(text);
}

function placesOf(fields: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = fields.indexOf(text); at >= 0; at = fields.indexOf(text, at + 1)) places.push(at);
  return places;
}

/**
 * The judgement of another error of the same shape, whose particular texts have the same lengths. Null when that error
 * must be judged by itself: a text may hold a secret, or the waiting time is unreadable or on the other side of an
 * hour.
 */
export function fill(
  { reading, fields }: JudgedError,
  { places, wait }: ErrorFilling,
  particulars: readonly string[],
  redactor: Redactor,
): JudgedError | null {
  if (particulars.length === 0) return { reading, fields };
  const filled = Buffer.from(fields);
  for (const [i, text] of particulars.entries()) {
    if (text.length >= SHORTEST_SECRET && redactor.text(text) !== text) return null;
    for (const at of places[i] ?? []) filled.write(text, at, 'latin1');
  }
  if (wait < 0) return { reading, fields: filled };
  const seconds = goDuration(particulars[wait] ?? '');
  // Whether the wait is shorter or longer than an hour may decide the class.
  if (seconds === null || seconds < LONG_WAIT !== (reading.wait ?? 0) < LONG_WAIT) return null;
  return { reading: { ...reading, wait: seconds }, fields: filled };
}

/**
 * A different text of the same form and length. Texts at different indexes (`place`) become different, even when the
 * original texts are equal.
 */
export function altered(text: string, place: number): string {
  const isKeyEnd = text.length === KEY_END && !isDuration(text);
  const letters = isKeyEnd ? text.replace(/[A-Za-z]/g, (letter) => otherLetter(letter, place)) : text;
  return letters.replace(/[0-9]/g, (digit) => String(((Number(digit) + (place % 8)) % 9) + 1));
}

function otherLetter(letter: string, place: number): string {
  const other = KEY_LETTERS[place % KEY_LETTERS.length] ?? 'Q';
  return letter === other ? 'Z' : other;
}

/** Whether two judgements agree in everything that is stored. */
export function isAlike(a: JudgedError, b: JudgedError): boolean {
  const { decision, hints, generation, subclass, wait } = a.reading;
  const other = b.reading;
  return (
    decision.class === other.decision.class &&
    decision.rule === other.decision.rule &&
    hints === other.hints &&
    generation === other.generation &&
    subclass === other.subclass &&
    wait === other.wait &&
    Buffer.compare(a.fields, b.fields) === 0
  );
}
