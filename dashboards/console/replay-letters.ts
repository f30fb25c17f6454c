import type { LetterPlace } from '../../store/queries/dead-letters.ts';

/** Which dead letters are read again. */
export interface LettersAsked {
  /** Empty: all. */
  topic: string;
  reason: string;
  /** Count nothing. */
  dryRun: boolean;
  /** Where to go on; null: at the first. */
  after: LetterPlace | null;
}

/** What became of dead letters that were read again, for some seconds. */
export interface LettersRead {
  /** Requests that were counted, or would be. */
  counted: number;
  /** Dead letters that stay what they are. */
  rejected: number;
  /** Dead letters whose whole text is not stored. */
  cut: number;
  in_doubt: number;
  /** Why those that were rejected were; most frequent first. */
  reasons: readonly { reason: string; count: number; detail: string }[];
  /** Null: all were read. */
  next: LetterPlace | null;
}

/** Reads dead letters again by the present settings, and counts those that can be read. Throws `StoreError`. */
export type ReplayLetters = (asked: LettersAsked) => Promise<LettersRead>;
