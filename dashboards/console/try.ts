/** How one record was read, in the form that `faultline try --json` prints. */
export interface TriedRecordAnswer {
  format: string;
  outcome: { kind: 'counted' } | { kind: 'skipped' | 'dead'; reason: string; detail?: string };
  fields: readonly { field: string; value: unknown; from: readonly string[] }[];
  requests: readonly {
    class: string;
    title: string;
    rule: string;
    fault: string;
    retry: string;
    remedy: readonly string[];
    owner: string;
  }[];
  ignored: readonly string[];
  dropped: readonly string[];
}

/** The answer of `/api/v1/try`: what would become of each record of a text, in its order. */
export interface TryAnswer {
  /** What the text consists of: lines, rows or JSON documents. */
  unit: string;
  records: readonly {
    outcome: TriedRecordAnswer['outcome'];
    records: readonly TriedRecordAnswer[];
    /** Records of a message of several that no format recognises. */
    unread: readonly { reason: string; detail: string; text: string }[];
    /** The start of the record that could not be read, redacted. */
    text: string;
  }[];
  /** Whether the text contained more records than were tried. */
  is_cut: boolean;
}

/**
 * Reads a text as a worker would, without storing any of it. Passed in by the command, because the console does not
 * read records itself.
 */
export type TryText = (text: string) => Promise<TryAnswer>;
