/** A half-open range of offsets `[from, to)` of one partition. */
export interface OffsetRange {
  from: number;
  to: number;
}

/** What the group's commit says: the range announced by `to`, or, where `to` is null, that all before `offset` is in. */
export interface GroupCommit {
  offset: number;
  incarnation: number;
  to: number | null;
}

/** The newest row of the ledger for a partition. */
export interface LedgerEnd {
  incarnation: number;
  to: number;
  /** The broker's id of the topic that was read; empty where it tells none. */
  topic_id: string;
  /** Digest of the record at `to - 1`; empty when that offset held none. */
  digest: string;
}

/** First and next offset of the partition's log. */
export interface LogOffsets {
  earliest: number;
  latest: number;
}

/** How a worker that has been given a partition begins. */
export interface Start {
  incarnation: number;
  /** First offset to read. */
  at: number;
  /** Announced, but perhaps not all in: to be written once more with the same boundaries and the same token. */
  replay: OffsetRange | null;
  /** Gone before they were read: to be written to the ledger as lost. */
  lost: OffsetRange | null;
  /** Read the record at `at - 1` first: if its digest is another, the topic was created again. */
  verify: LedgerEnd | null;
  /** Why, for the log; empty in the ordinary case. */
  reason: string;
}

/** The identity of a batch: equal ranges of one incarnation are stored once. */
export function batchToken(
  topic: string,
  partition: number,
  incarnation: number,
  range: OffsetRange,
): string {
  return `${topic}:${partition}:${incarnation === 0 ? '' : `i${incarnation}:`}${range.from}-${range.to}`;
}

/** Token of the ledger row that says that a range was lost. */
export function lossToken(topic: string, partition: number, incarnation: number, range: OffsetRange): string {
  return `lost:${topic}:${partition}:${incarnation}:${range.from}-${range.to}`;
}

const metadataPattern = /^faultline:1:(\d+):(\d+|-)$/;

/** The metadata of an announcement (`to`) or of an acknowledgement (null). */
export function encodeMetadata(incarnation: number, to: number | null): string {
  return `faultline:1:${incarnation}:${to ?? '-'}`;
}

/** The commit in our terms; null when the group has no offset or somebody else wrote it. */
export function decodeCommit(offset: number, metadata: string | null): GroupCommit | null {
  const match = metadataPattern.exec(metadata ?? '');
  if (offset < 0 || match === null) return null;
  const to = match[2] === '-' ? null : Number(match[2]);
  if (to !== null && to <= offset) return null;
  return { offset, incarnation: Number(match[1]), to };
}

/**
 * Where to begin after an assignment. The group's commit is the announcement, the ledger the witness of what is in:
 * the ledger decides wherever both speak.
 *
 * `foreignOffset` is a committed offset without our metadata: a group used by another program before, or set by a tool.
 */
export function decideStart(input: {
  commit: GroupCommit | null;
  foreignOffset: number | null;
  ledger: LedgerEnd | null;
  log: LogOffsets;
  /** The broker's id of the topic as it is now; empty where it tells none. */
  topicId: string;
  /** The ledger may miss its newest rows (replicas that lag): then what the group says is not taken back. */
  ledgerMayLag?: boolean;
}): Start {
  const { commit, log, topicId } = input;
  const ledger =
    input.ledgerMayLag === true && commit !== null ? notBehind(input.ledger, commit) : input.ledger;
  if (ledger !== null && ledger.topic_id !== '' && topicId !== '' && ledger.topic_id !== topicId)
    return recreated(ledger.incarnation, log);
  if (commit !== null) return fromCommit(commit, ledger, log, topicId);
  if (ledger !== null) return fromLedger(ledger, log, topicId, 'the group has no offset of ours');
  const at = input.foreignOffset ?? log.earliest;
  if (at > log.latest || at < log.earliest) {
    return { ...begin(0, log.earliest), reason: `offset ${at} of the group is outside the log` };
  }
  return begin(0, at);
}

/** An announcement or acknowledgement at an offset is made when all before it is in: a ledger that ends earlier is old. */
function notBehind(ledger: LedgerEnd | null, commit: GroupCommit): LedgerEnd | null {
  if (ledger === null || ledger.incarnation < commit.incarnation) return null;
  if (ledger.incarnation > commit.incarnation || ledger.to >= commit.offset) return ledger;
  return { ...ledger, to: commit.offset, digest: '' };
}

function begin(incarnation: number, at: number): Start {
  return { incarnation, at, replay: null, lost: null, verify: null, reason: '' };
}

function fromCommit(commit: GroupCommit, ledger: LedgerEnd | null, log: LogOffsets, topicId: string): Start {
  const end = commit.to ?? commit.offset;
  const incarnation = Math.max(commit.incarnation, ledger?.incarnation ?? 0);
  if (end > log.latest) return recreated(incarnation, log);
  // A ledger of a later incarnation has left this commit behind.
  if (ledger !== null && ledger.incarnation > commit.incarnation)
    return fromLedger(ledger, log, topicId, 'the commit is of an earlier incarnation');
  const known = ledger !== null && ledger.incarnation === commit.incarnation ? ledger.to : null;
  if (known !== null && known > log.latest) return recreated(incarnation, log);
  const pending =
    commit.to === null || (known !== null && known > commit.offset)
      ? null
      : { from: commit.offset, to: commit.to };
  if (pending === null) return afterRetention(incarnation, known ?? commit.offset, log, '');
  if (pending.from >= log.earliest) {
    const at = known !== null && known < pending.from ? Math.max(known, log.earliest) : pending.from;
    return { ...begin(incarnation, at), replay: pending };
  }
  // Part of an announced range is gone. What is left is written under the same token: if it was in, it counts once.
  return {
    ...begin(incarnation, log.earliest),
    replay: log.earliest < pending.to ? pending : null,
    lost: { from: pending.from, to: log.earliest },
    reason: 'records were deleted before they were read',
  };
}

function fromLedger(ledger: LedgerEnd, log: LogOffsets, topicId: string, reason: string): Start {
  if (ledger.to > log.latest) return recreated(ledger.incarnation, log);
  const start = afterRetention(
    ledger.incarnation,
    ledger.to,
    log,
    `${reason}: resuming from the ledger at ${ledger.to}`,
  );
  const known = topicId !== '' && topicId === ledger.topic_id;
  const readable = ledger.to - 1 >= log.earliest && ledger.to > 0 && ledger.digest !== '';
  return readable && !known ? { ...start, verify: ledger } : start;
}

function afterRetention(incarnation: number, at: number, log: LogOffsets, reason: string): Start {
  if (at >= log.earliest) return { ...begin(incarnation, at), reason };
  return {
    ...begin(incarnation, log.earliest),
    lost: { from: at, to: log.earliest },
    reason: 'records were deleted before they were read',
  };
}

/** The log ends before what was counted: the topic was deleted and created again. */
export function recreated(incarnation: number, log: LogOffsets): Start {
  return { ...begin(incarnation + 1, log.earliest), reason: 'the topic was deleted and created again' };
}
