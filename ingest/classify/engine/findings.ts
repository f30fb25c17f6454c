import type { Meaning } from './compile-rules.ts';

/** A later attempt has a higher rank than any depth of an earlier attempt. */
export const RANK_ATTEMPT = 1024;

/** What one pass over a text found. The next call of `scanText` overwrites it. */
export interface Findings {
  /** Number of used entries of `rules`. */
  count: number;
  /** Orders of the rules for codes and sentences whose phrases occur in the text, each once. */
  rules: Int32Array;
  /** By rule: attempt * RANK_ATTEMPT + depth, of the occurrence with the highest rank. */
  ranks: Int32Array;
  /** Number of phrases found of rules that are tried only when no code or sentence decides. */
  lateCount: number;
  lateMeanings: Meaning[];
  /** Index of the last character, by late phrase. */
  lateEnds: Int32Array;
  lateRanks: Int32Array;
  /** Bits of the hints found. */
  hints: number;
  /** How many numbers of the text may be HTTP statuses. */
  numberCount: number;
  numbers: Int32Array;
  /** Index of the first digit of each number. */
  numbersAt: Int32Array;
  numberRanks: Int32Array;
  /** Where the last waiting time may start; -1 when there is none. */
  waitAt: number;
  /** The highest rank of a Chinese character; -1 when there is none. */
  chineseRank: number;
  /** Whether values that repeat the caller's words were skipped. */
  echoed: boolean;
  /** Triples: index of the field name, start of its value, number of the object that it belongs to. */
  fields: number[];
  /** Depth of each object. */
  depths: number[];
}
