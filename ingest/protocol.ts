/** A half-open range of offsets `[from, to)` of one partition. */
export interface OffsetRange {
  from: number;
  to: number;
}

/**
 * The meaning of the group's commit: the range up to `to` is announced; or, when `to` is null, everything before
 * `offset` is stored.
 */
export interface GroupCommit {
  offset: number;
  incarnation: number;
  to: number | null;
}

/** The newest row of the ledger for a partition. */
export interface LedgerEnd {
  incarnation: number;
  to: number;
  /** The broker's id of the topic that was read; empty when the broker gives none. */
  topic_id: string;
  /** Digest of the record at `to - 1`; empty when that offset had no record. */
  digest: string;
}

/** The offset of the first record of the partition's log, and the offset that its next record will have. */
export interface LogOffsets {
  earliest: number;
  latest: number;
}

/** How a worker starts with a partition that it was given. */
export interface Start {
  incarnation: number;
  /** First offset to read. */
  at: number;
  /**
   * A range that was announced but may not be completely stored. It must be written again with the same boundaries and
   * the same token, so that records that are already stored are not counted twice.
   */
  replay: OffsetRange | null;
  /** Records that were deleted before they were read: the ledger must list them as lost. */
  lost: OffsetRange | null;
  /** The record at `at - 1` must be read first: if its digest differs, the topic was created again. */
  verify: LedgerEnd | null;
  /** The reason, for the log; empty in the ordinary case. */
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

/** Token of the ledger row for a lost range. */
export function lossToken(topic: string, partition: number, incarnation: number, range: OffsetRange): string {
  return `lost:${topic}:${partition}:${incarnation}:${range.from}-${range.to}`;
}

const metadataPattern = /^faultline:1:(\d+):(\d+|-)$/;

/** The metadata of an announcement (`to`) or of an acknowledgement (null). */
export function encodeMetadata(incarnation: number, to: number | null): string {
  return `faultline:1:${incarnation}:${to ?? '-'}`;
}

/** The meaning of a commit; null when the group has no offset, or another program wrote it. */
export function decodeCommit(offset: number, metadata: string | null): GroupCommit | null {
  const match = metadataPattern.exec(metadata ?? '');
  if (offset < 0 || match === null) return null;
  const to = match[2] === '-' ? null : Number(match[2]);
  if (to !== null && to <= offset) return null;
  return { offset, incarnation: Number(match[1]), to };
}

/**
 * Decides where to start after an assignment. The group's commit holds the announcement, and the ledger proves what is
 * stored: when both exist, the ledger decides. `foreignOffset` is a committed offset without our metadata: another
 * program used the group before, or a tool set the offset.
 */
export function decideStart(input: {
  commit: GroupCommit | null;
  foreignOffset: number | null;
  ledger: LedgerEnd | null;
  log: LogOffsets;
  /** The broker's present id of the topic; empty when the broker gives none. */
  topicId: string;
  /**
   * The ledger may lack its newest rows, because a replica lags. Then the group's commit counts if it is further than
   * the ledger.
   */
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

/**
 * The end of the ledger, moved forward to the commit when the ledger ends earlier: a commit at an offset is made only
 * when everything before it is stored, so such a ledger lacks its newest rows. Null when the ledger knows only an
 * earlier incarnation.
 */
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
  // The ledger has a later incarnation, so this commit is outdated.
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
  // Part of the announced range is gone. The rest is written under the token of the whole range: if the range was
  // already stored, it counts once.
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

/** The start for a log that ends before the last counted record: the topic was deleted and created again. */
export function recreated(incarnation: number, log: LogOffsets): Start {
  return { ...begin(incarnation + 1, log.earliest), reason: 'the topic was deleted and created again' };
}
