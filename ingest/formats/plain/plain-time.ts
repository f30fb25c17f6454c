import type { AsciiCursor, Words } from './ascii-cursor.ts';
import * as byte from './bytes.ts';
import { parseTimestamp } from '../timestamp.ts';

const LENGTH = '2026-01-01T00:00:00.000Z'.length;
const MINUTE = '2026-01-01T00:00:'.length;

/** Reads times. Records come in the order of time, so most are of the minute of the one before. */
export class PlainTime {
  #minute: Words | null = null;
  #minuteMs = Number.NaN;

  /** Epoch ms of the text from `from` to `to`; NaN when it is no time, or one that has to be refused. */
  read(cursor: AsciiCursor, from: number, to: number, now: number): number {
    const { bytes } = cursor;
    const isUsual =
      to - from === LENGTH && bytes[from + 19] === byte.POINT && bytes[from + 23] === byte.CAPITAL_Z;
    if (isUsual && this.#minute !== null && cursor.holds(from, this.#minute)) {
      const seconds = digit(bytes, from + 17) * 10 + digit(bytes, from + 18);
      const ms = digit(bytes, from + 20) * 100 + digit(bytes, from + 21) * 10 + digit(bytes, from + 22);
      const time = this.#minuteMs + seconds * 1_000 + ms;
      if (seconds < 60 && time <= now) return time;
    }
    const time = parseTimestamp(cursor.text(from, to), now);
    if (typeof time !== 'number') return Number.NaN;
    if (isUsual) {
      this.#minute = cursor.words(from, from + MINUTE);
      this.#minuteMs = time - (time % 60_000);
    }
    return time;
  }
}

/** Not a digit: NaN, and so whatever it becomes part of. */
function digit(bytes: Uint8Array, at: number): number {
  const value = (bytes[at] ?? 0) - byte.ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
