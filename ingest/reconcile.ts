import type { Forgetting } from '../store/retention.ts';
import {
  type BrokenLink,
  type LedgerDay,
  type LedgerEndByDay,
  type LedgerSum,
  MOST_FINDINGS,
  type StoredDay,
} from '../store/queries/reconcile.ts';
import type { LedgerDead, OffsetCount, StoredDead } from '../store/queries/reconcile-rows.ts';
import { decodeCommit } from './protocol.ts';
import { compareDays, compareDead, isoDay } from './reconcile-tables.ts';
import type { Difference, PartitionProof, Proof, Unfinished } from './reconcile-report.ts';
import { horizonsOf } from './reconcile-horizons.ts';
import type { Committed } from './sources/source.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';

/** What Kafka reports about one partition. */
export interface BrokerFacts extends PartitionId, Committed {
  earliest: number;
  latest: number;
}

/**
 * The data for the comparison. Workers store batches while the data are read. So the ledger is read twice. Its rows
 * from before the tables were read show what the tables must hold. Its rows from after that, and the announcements read
 * in between, show what the tables may hold.
 */
export interface ReconcileFacts {
  sums: readonly LedgerSum[];
  endsByDay: readonly LedgerEndByDay[];
  broken: readonly BrokenLink[];
  broker: readonly BrokerFacts[];
  days: { before: readonly LedgerDay[]; stored: readonly StoredDay[]; after: readonly LedgerDay[] };
  dead: { before: readonly LedgerDead[]; stored: readonly StoredDead[]; after: readonly LedgerDead[] };
  repeated: readonly (OffsetCount & { table: string })[];
  unspread: { batches: number; requests: number };
  /** Failures of all days in the ledger. */
  failed: number;
  forgetting: readonly Forgetting[];
  /** The store's clock, epoch seconds. */
  now: number;
}

/**
 * Compares offsets, ledger and tables. Every offset of a range is counted, dead, skipped or a hole, and the ranges have
 * no gap and no overlap. Pure.
 */
export function reconcile(facts: ReconcileFacts): Proof {
  const partitions = partitionsOf(facts);
  const differences = facts.broken.slice(0, MOST_FINDINGS).flatMap(linkDifferences);
  if (facts.broken.length > MOST_FINDINGS) differences.push(moreOf('broken ranges in the ledger'));
  const unfinished: Unfinished[] = [];
  for (const broker of facts.broker) {
    const found = compareBroker(broker, partitions);
    differences.push(...found.differences);
    if (found.unfinished !== null) unfinished.push(found.unfinished);
  }
  const horizons = horizonsOf(facts.forgetting, facts.now);
  const tables = {
    horizons,
    forgetting: facts.forgetting,
    all_failed: facts.failed,
    all_dead: facts.sums.reduce((sum, { dead }) => sum + dead, 0),
    pending: unfinished.map((range) => ({ ...range, outcomes: mostOutcomes(range, facts.sums) })),
  };
  const days = compareDays(facts.days, tables);
  const dead = compareDead(facts.dead, tables);
  differences.push(...days.differences, ...dead.differences);
  for (const { table, topic, partition, offset, n } of facts.repeated) {
    const what = `${n} equal rows in ${table}`;
    differences.push({ kind: 'repeated', topic, partition, from: offset, to: offset + 1, what });
  }
  if (facts.repeated.length >= MOST_FINDINGS) differences.push(moreOf('repeated rows'));
  const notes = [...days.notes, ...dead.notes];
  const { batches, requests } = facts.unspread;
  if (batches > 0)
    notes.push(
      `${batches} batches with ${requests} requests span more than one day and were written by an earlier version, which did not store how they spread: requests that are missing among them do not show`,
    );
  const since = horizons.ingest_batches.event;
  if (facts.endsByDay.some(({ stored_from }) => (stored_from + 1) * 86_400 <= since))
    notes.push(
      `offsets of batches stored before ${isoDay(since)} are not compared: the ledger keeps them by day only`,
    );
  return { partitions, differences, unfinished, notes };
}

function moreOf(what: string): Difference {
  return {
    kind: 'more',
    topic: '*',
    partition: null,
    from: null,
    to: null,
    what: `more than ${MOST_FINDINGS} ${what}: only the first are listed`,
  };
}

/**
 * The partitions whose batches are single rows in the ledger, and the ends of the partitions that the ledger knows only
 * by day.
 */
function partitionsOf({ sums, endsByDay }: ReconcileFacts): PartitionProof[] {
  const key = (of: PartitionId & { incarnation: number }): string => `${partitionKey(of)}:${of.incarnation}`;
  const partitions = new Map<string, PartitionProof>();
  for (const { per_offset: _, ...sum } of sums) partitions.set(key(sum), { ...sum, lag: null });
  for (const { stored_from: _, ...end } of endsByDay) {
    const known = partitions.get(key(end));
    if (known !== undefined) known.to = Math.max(known.to, end.to);
    else
      partitions.set(key(end), {
        ...end,
        from: end.to,
        counted: 0,
        failed: 0,
        skipped: 0,
        dead: 0,
        holes: 0,
        lag: null,
      });
  }
  return [...partitions.values()];
}

function linkDifferences(link: BrokenLink): Difference[] {
  const { topic, partition, kind, from, to, accounted, reached } = link;
  const found: Difference[] = [];
  const add = (what: Pick<Difference, 'kind' | 'from' | 'to' | 'what'>): void =>
    void found.push({ topic, partition, ...what });
  if (reached !== null && from > reached)
    add({ kind: 'gap', from: reached, to: from, what: 'no batch holds these offsets' });
  if (reached !== null && from < reached)
    add({ kind: 'overlap', from, to: Math.min(reached, to), what: 'two batches hold these offsets' });
  if (kind === 'lost') add({ kind: 'lost', from, to, what: 'deleted in Kafka before they were read' });
  else if (accounted !== to - from)
    add({ kind: 'sum', from, to, what: `${to - from} offsets announced, ${accounted} accounted for` });
  return found;
}

function compareBroker(
  broker: BrokerFacts,
  partitions: readonly PartitionProof[],
): { differences: Difference[]; unfinished: Unfinished | null } {
  const { topic, partition } = broker;
  const newest = partitions
    .filter((p) => partitionKey(p) === partitionKey(broker))
    .reduce<PartitionProof | null>(
      (best, p) => (best === null || p.incarnation > best.incarnation ? p : best),
      null,
    );
  if (newest !== null) newest.lag = Math.max(0, broker.latest - newest.to);
  const commit = decodeCommit(broker.offset, broker.metadata);
  if (commit === null || (newest !== null && commit.incarnation !== newest.incarnation))
    return { differences: [], unfinished: null };
  // If the ledger knows nothing, the partition starts at its first record.
  const end = newest?.to ?? broker.earliest;
  const differences: Difference[] = [];
  if (commit.offset > end) {
    const what = 'acknowledged in Kafka, but the ledger does not know them';
    differences.push({ kind: 'gap', topic, partition, from: end, to: commit.offset, what });
  }
  const isOpen = commit.to !== null && commit.to > end;
  return {
    differences,
    unfinished: isOpen ? { topic, partition, from: commit.offset, to: commit.to ?? commit.offset } : null,
  };
}

/**
 * The most rows that an unfinished range may have stored: one per message. If the topic has had messages with several
 * requests, there is no limit.
 */
function mostOutcomes({ topic, from, to }: Unfinished, sums: readonly LedgerSum[]): number {
  const seen = sums.filter((sum) => sum.topic === topic).map((sum) => sum.per_offset);
  const most = seen.length === 0 ? Number.POSITIVE_INFINITY : seen.reduce((a, b) => Math.max(a, b), 1);
  // A message can hold more requests than any before it.
  return most > 1 ? Number.POSITIVE_INFINITY : to - from;
}
