import type { LedgerEnd, LogOffsets, Start } from './protocol.ts';

/**
 * How far a worker has come with one partition. The object is replaced, never changed. Times are monotonic ms unless
 * stated otherwise.
 */
export interface PartitionState {
  /** `starting`: where to start is being decided; batches from before are still written. */
  readonly phase: 'starting' | 'reading';
  /**
   * The source will bring no more records of the partition. The worker gives the partition up once everything is
   * stored.
   */
  readonly leaving: boolean;
  readonly incarnation: number;
  readonly topicId: string;
  /**
   * The ledger end whose digest the record before the start must have. Null when no proof is required, or when it
   * succeeded.
   */
  readonly verify: LedgerEnd | null;
  /** Everything before this offset is stored; -1 until the start is decided. */
  readonly stored: number;
  /** Everything before this offset is stored and acknowledged; -1: nothing is acknowledged. */
  readonly acknowledged: number;
  /**
   * Nothing is written until this time, because the store rejects the rows or the topic does not exist; null: not
   * halted.
   */
  readonly haltedUntil: number | null;
  /** Records of the log that are not read; null: unknown. */
  readonly lag: number | null;
  /** When the end of the log was last learned, epoch ms; null: never. */
  readonly lagAt: number | null;
  /** When the worker last read or stored something of the partition. */
  readonly idleSince: number;
}

export type PartitionEvent =
  | { kind: 'decided'; start: Start; acknowledged: number; topicId: string }
  | { kind: 'restarted' }
  | { kind: 'named'; isNamed: boolean }
  | { kind: 'proven' }
  | { kind: 'read'; lag: number | null; now: number; monotonic: number }
  | { kind: 'asked'; log: Pick<LogOffsets, 'latest'>; position: number; now: number }
  | { kind: 'tried' }
  | { kind: 'written'; to: number; monotonic: number }
  | { kind: 'refused'; monotonic: number }
  | { kind: 'acknowledged'; to: number };

/**
 * IDLE: time without a batch before an acknowledgement is committed. HALTED: time between two tries after the store
 * rejected rows or the topic was missing. Both in ms.
 */
const IDLE = 500;
const HALTED = 10_000;

/** A partition that has just been assigned. */
export const assigned: PartitionState = {
  phase: 'starting',
  leaving: false,
  incarnation: 0,
  topicId: '',
  verify: null,
  stored: -1,
  acknowledged: -1,
  haltedUntil: null,
  lag: null,
  lagAt: null,
  idleSince: 0,
};

/** The state after an event. Pure. */
export function nextState(state: PartitionState, event: PartitionEvent): PartitionState {
  switch (event.kind) {
    case 'decided': {
      const { start, acknowledged, topicId } = event;
      const stored = start.replay?.from ?? start.at;
      const { incarnation, verify } = start;
      return { ...state, phase: 'reading', incarnation, topicId, verify, stored, acknowledged };
    }
    case 'restarted':
      return { ...state, phase: 'starting' };
    case 'named':
      return { ...state, leaving: !event.isNamed };
    case 'proven':
      return { ...state, verify: null };
    case 'read':
      return { ...state, lag: event.lag, lagAt: event.now, idleSince: event.monotonic };
    case 'asked':
      // A source without an end has no lag.
      if (state.phase === 'starting' || event.log.latest >= Number.MAX_SAFE_INTEGER) return state;
      return { ...state, lag: Math.max(0, event.log.latest - event.position), lagAt: event.now };
    case 'tried':
      return { ...state, haltedUntil: null };
    case 'written':
      return { ...state, stored: event.to, idleSince: event.monotonic };
    case 'refused':
      return { ...state, haltedUntil: event.monotonic + HALTED };
    case 'acknowledged':
      return { ...state, acknowledged: event.to };
  }
}

/** What was read of a partition and is not stored. */
export interface Gathered {
  /** Number of batches that wait to be written. */
  closed: number;
  /** No batch waits, and none grows. */
  isEmpty: boolean;
  /** A part of an announced range was not read again yet. */
  owesReplay: boolean;
  /** A batch or an acknowledgement is being written. */
  isWriting: boolean;
}

/**
 * Compares a chunk that starts at `from` with a partition that has read up to `position`. `next`: the chunk continues
 * at that position. `proof`: its first record must prove that the topic is still the one that was counted. `elsewhere`:
 * the chunk is not what was requested.
 */
export function placeOf(
  { verify }: PartitionState,
  from: number,
  position: number,
): 'next' | 'proof' | 'elsewhere' {
  if (from !== position - (verify === null ? 0 : 1)) return 'elsewhere';
  return verify === null ? 'next' : 'proof';
}

/** What to write next. An acknowledgement can wait until nothing has arrived for a while. */
export function nextWrite(
  state: PartitionState,
  gathered: Gathered,
  monotonic: number,
): 'batch' | 'acknowledgement' | 'nothing' {
  if (gathered.closed > 0) return gathered.isWriting || isHalted(state, monotonic) ? 'nothing' : 'batch';
  const isIdle = gathered.isEmpty && monotonic - state.idleSince > IDLE;
  return isIdle && mayAcknowledge(state, gathered) ? 'acknowledgement' : 'nothing';
}

/** Whether writing is halted and the next try is not due yet. */
export function isHalted({ haltedUntil }: PartitionState, monotonic: number): boolean {
  return haltedUntil !== null && monotonic < haltedUntil;
}

/** Whether something may be acknowledged now. */
export function mayAcknowledge(
  state: PartitionState,
  { owesReplay, isWriting }: Pick<Gathered, 'owesReplay' | 'isWriting'>,
): boolean {
  if (state.phase === 'starting' || isWriting) return false;
  if (state.stored < 0 || state.stored === state.acknowledged) return false;
  // An acknowledgement would overwrite the announcement, which the next owner needs for the boundaries of the range.
  return !owesReplay;
}

/** One closed batch may wait while another is being written; with a second one, reading must wait. */
export function mayRead({ closed }: Pick<Gathered, 'closed'>): boolean {
  return closed < 2;
}

/** Whether nothing is left to do for a partition that is leaving. */
export function isOver(state: PartitionState, { isEmpty }: Pick<Gathered, 'isEmpty'>): boolean {
  return state.phase === 'reading' && state.leaving && isEmpty && state.stored === state.acknowledged;
}
