import { recordDigest } from './record-digest.ts';
import type { LedgerEnd, Start } from './protocol.ts';
import { jsonEnd } from './sources/json-end.ts';
import type { StartFacts } from './start-rules.ts';

/**
 * Decides where reading of a file starts. The ledger shows what is stored; the announcement shows the boundaries of the
 * next batch, which may be half stored. `log.latest` is the number of records in the file, once the file is known to
 * have fewer records than were counted. The reason of the start contains `name` and `unit`.
 */
export function decideFileStart(
  facts: Pick<StartFacts, 'commit' | 'ledger' | 'log'>,
  name: string,
  unit = 'line',
): Start {
  const { commit, ledger, log } = facts;
  const incarnation = Math.max(ledger?.incarnation ?? 0, commit?.incarnation ?? 0);
  // Null when only the announcement has the present incarnation: the first batch of a replaced file was announced, and
  // may be half stored.
  const known = ledger !== null && ledger.incarnation === incarnation ? ledger : null;
  if (known !== null && known.to > log.latest) return fileReplaced(known, name, unit);
  const at = known?.to ?? 0;
  const pending =
    commit !== null && commit.to !== null && commit.incarnation === incarnation && commit.offset >= at
      ? { from: commit.offset, to: commit.to }
      : null;
  return {
    incarnation,
    at,
    replay: pending,
    lost: null,
    verify: known !== null && known.digest !== '' && at > 0 ? known : null,
    reason: at === 0 ? '' : `${name} was counted up to ${unit} ${at}`,
  };
}

/** The start for a file that no longer holds the records that were counted: its records are new. */
export function fileReplaced(
  ledger: Pick<LedgerEnd, 'incarnation' | 'to'>,
  name: string,
  unit = 'line',
): Start {
  return {
    incarnation: ledger.incarnation + 1,
    at: 0,
    replay: null,
    lost: null,
    verify: null,
    reason: `${name} was truncated or replaced: ${unit} ${ledger.to} is no longer the one that was counted; it is read from its first ${unit}, and what was counted before stays`,
  };
}

/** Whether a line is the one that was counted. The line may have been counted before its line end was written. */
export function isSameLine(value: Buffer | null, digest: string): boolean {
  if (recordDigest(value) === digest) return true;
  const end = value === null ? -1 : jsonEnd(value);
  return value !== null && end >= 0 && recordDigest(value.subarray(0, end)) === digest;
}
