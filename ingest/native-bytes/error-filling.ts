import { goDuration, LONG_WAIT } from '../classify/engine/wait-time.ts';
import type { JudgedError } from '../rows/judged-error.ts';
import type { Redactor } from '../redact/redact.ts';

/** Where what is particular to a request stands in what its error was judged to be. */
export interface Filling {
  /** Of each particular text its places in the fields. */
  readonly places: readonly (readonly number[])[];
  /** Which of them is the time to wait; -1: none. */
  readonly wait: number;
}

/** Shorter texts are numbers and durations; from here on a number may be that of a card. */
const SHORTEST_SECRET = 12;
/** The end of a masked key, which may be of letters; a quantity as long has none. */
const KEY_END = 4;
/** None is the end of a duration. */
const KEY_LETTERS = 'QVWXYJKB';
/** Ids are as long, and no durations. */
const SHORTEST_ID = 16;

export const nothingToFill: Filling = { places: [], wait: -1 };

/**
 * Where the particular texts of an error stand; null when one does not stand there as it came, as a number that was
 * redacted, or two cannot be told apart.
 */
export function fillingOf(particulars: readonly string[], judged: JudgedError): Filling | null {
  const fields = Buffer.from(judged.fields);
  const places = particulars.map((text) => placesOf(fields, text));
  const taken = places.flatMap((ones, i) =>
    ones.flatMap((at) => Array.from({ length: particulars[i]?.length ?? 0 }, (_, k) => at + k)),
  );
  if (places.some((ones) => ones.length === 0) || new Set(taken).size < taken.length) return null;
  const { wait } = judged.reading;
  const waits = wait === null ? -1 : particulars.findIndex((text) => goDuration(text) === wait);
  // One that is too long to wait may be shorter in another error.
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
 * What an error of the same shape with other particular texts, as long each, is judged to be; null when that has to be
 * looked at: one may hold a secret, or is no duration.
 */
export function fill(
  { reading, fields }: JudgedError,
  { places, wait }: Filling,
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
  // Whether it takes minutes or hours may decide the class.
  if (seconds === null || seconds < LONG_WAIT !== (reading.wait ?? 0) < LONG_WAIT) return null;
  return { reading: { ...reading, wait: seconds }, fields: filled };
}

/** Another text of the same kind and length, and another one at each place even where all are the same. */
export function altered(text: string, place: number): string {
  const isKeyEnd = text.length === KEY_END && !isDuration(text);
  const letters = isKeyEnd ? text.replace(/[A-Za-z]/g, (letter) => otherLetter(letter, place)) : text;
  return letters.replace(/[0-9]/g, (digit) => String(((Number(digit) + (place % 8)) % 9) + 1));
}

function otherLetter(letter: string, place: number): string {
  const other = KEY_LETTERS[place % KEY_LETTERS.length] ?? 'Q';
  return letter === other ? 'Z' : other;
}

/** Whether two errors were judged alike in all that is told of them. */
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
