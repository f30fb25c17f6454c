import type { LetterPlace } from '../../store/queries/dead-letters.ts';

/** Which dead letters are read again. */
export interface LettersAsked {
  /** Empty: all. */
  topic: string;
  reason: string;
  /** True: nothing is counted. */
  dryRun: boolean;
  /** Where to continue: the `next` of the call before; null: at the first dead letter. */
  after: LetterPlace | null;
}

/** What became of the dead letters that one call read again. A call reads for some seconds. */
export interface LettersRead {
  /** Requests that were counted, or would be. */
  counted: number;
  /** Dead letters that cannot be read now either. */
  rejected: number;
  /** Dead letters whose whole text is not stored. */
  cut: number;
  in_doubt: number;
  /** Why dead letters were rejected; most frequent first. */
  reasons: readonly { reason: string; count: number; detail: string }[];
  /** Where the next call continues; null: all were read. */
  next: LetterPlace | null;
}

/** Reads dead letters again with the present settings, and counts those that can be read. Throws `StoreError`. */
export type ReplayLetters = (asked: LettersAsked) => Promise<LettersRead>;
