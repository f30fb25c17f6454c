import type { Meaning } from './compile-rules.ts';

/** One attempt outranks any depth within the attempt before it. */
export const RANK_ATTEMPT = 1024;

/** What one pass over a text found. The next call of `scanText` writes over it. */
export interface Findings {
  /** How many of `rules` are set. */
  count: number;
  /** Orders of the rules for codes and sentences whose phrases stand in the text, each once. */
  rules: Int32Array;
  /** By rule: attempt * RANK_ATTEMPT + depth of its best place. */
  ranks: Int32Array;
  /** How many phrases of rules stand in the text that are tried only when no code or sentence decides. */
  lateCount: number;
  lateMeanings: Meaning[];
  /** By late phrase: the index of its last character. */
  lateEnds: Int32Array;
  lateRanks: Int32Array;
  /** Bits of the hints that show. */
  hints: number;
  /** How many numbers stand in the text that may be HTTP statuses. */
  numberCount: number;
  numbers: Int32Array;
  /** Where these numbers begin. */
  numbersAt: Int32Array;
  numberRanks: Int32Array;
  /** Where the last duration to wait may stand, -1 when none. */
  waitAt: number;
  /** The highest rank of a Chinese character; -1 when there is none. */
  chineseRank: number;
  /** Values that repeat the caller's words were passed over. */
  echoed: boolean;
  /** Triples of field name, start of its value, and object it belongs to. */
  fields: number[];
  /** By object: its depth. */
  depths: number[];
}
