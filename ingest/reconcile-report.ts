import type { OffsetRange } from './protocol.ts';
import type { PartitionId } from './partition-id.ts';

/** `gap` and `overlap` have the exact range; `lost` is a gap that the worker found and recorded. */
export interface Difference {
  kind: 'gap' | 'overlap' | 'lost' | 'sum' | 'rows' | 'repeated' | 'rollup' | 'more';
  topic: string;
  partition: number | null;
  from: number | null;
  to: number | null;
  what: string;
}

export interface PartitionProof extends PartitionId {
  incarnation: number;
  from: number;
  to: number;
  counted: number;
  failed: number;
  skipped: number;
  dead: number;
  holes: number;
  /** Offsets in Kafka after the last stored one; null without Kafka. */
  lag: number | null;
}

/** A range that a worker has announced and not finished: some of its rows may be stored. This is not a difference. */
export interface Unfinished extends PartitionId, OffsetRange {}

export interface Proof {
  partitions: PartitionProof[];
  differences: Difference[];
  unfinished: Unfinished[];
  /** What could not be compared, and why. */
  notes: string[];
}
