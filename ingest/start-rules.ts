import { recordDigest } from './record-digest.ts';
import {
  decideStart,
  type GroupCommit,
  type LedgerEnd,
  type LogOffsets,
  recreated,
  type Start,
} from './protocol.ts';
import type { PartitionId } from './partition-id.ts';

/** What is known about a partition when its start is decided. */
export interface StartFacts {
  id: PartitionId;
  commit: GroupCommit | null;
  foreignOffset: number | null;
  ledger: LedgerEnd | null;
  log: LogOffsets;
  topicId: string;
  ledgerMayLag: boolean;
}

/** How a kind of source decides where to start, and recognises records that were counted. Pure. */
export interface StartRules {
  decide(facts: StartFacts): Start;
  /** Whether a record is the record with this digest. */
  isSame(value: Buffer | null, digest: string): boolean;
  /** The start when the record before the decided start differs from the record in the ledger. */
  replaced(id: PartitionId, verify: LedgerEnd, log: LogOffsets): Start;
}

/** The rules of a consumer group. */
export const groupRules: StartRules = {
  decide: decideStart,
  isSame: (value, digest) => recordDigest(value) === digest,
  replaced: (_id, verify, log) => recreated(verify.incarnation, log),
};
