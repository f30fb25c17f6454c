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
    /** Parts of a record that no format recognises, if the record holds several parts. */
    unread: readonly { reason: string; detail: string; text: string }[];
    /** The start of the record that could not be read, redacted. */
    text: string;
  }[];
  /** Whether the text contained more records than were tried. */
  is_cut: boolean;
}

/**
 * Reads a text as a worker would, and stores nothing. The command passes this function in, because the console must not
 * import the reading of records.
 */
export type TryText = (text: string) => Promise<TryAnswer>;
