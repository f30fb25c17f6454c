import type { Meaning } from './compile-rules.ts';

/** A rank is `attempt * RANK_ATTEMPT + depth`, so that a later attempt always has a higher rank than an earlier one. */
export const RANK_ATTEMPT = 1024;

/** What one pass over a text found. The next call of `scanText` overwrites it. */
export interface Findings {
  /** Number of used entries of `rules`. */
  count: number;
  /** Orders of the rules that are not late and whose phrases occur in the text, each once. */
  rules: Int32Array;
  /** The highest rank of an occurrence, by the order of the rule. */
  ranks: Int32Array;
  /** Number of found phrases of late rules, which are tried only when no abort, code or sentence decides. */
  lateCount: number;
  lateMeanings: Meaning[];
  /** Index of the last character, by late phrase. */
  lateEnds: Int32Array;
  lateRanks: Int32Array;
  /** Bits of the hints that were found. */
  hints: number;
  /** Number of numbers in the text that may be HTTP statuses. */
  numberCount: number;
  numbers: Int32Array;
  /** Index of the first digit of each number. */
  numbersAt: Int32Array;
  numberRanks: Int32Array;
  /** Where the last waiting time may start; -1 when there is none. */
  waitAt: number;
  /** The highest rank of a Chinese character; -1 when there is none. */
  chineseRank: number;
  /** Whether values that repeat words of the caller were skipped. */
  echoed: boolean;
  /** Triples: index of the field name, start of its value, number of the object that it belongs to. */
  fields: number[];
  /** Depth of each object. */
  depths: number[];
}
