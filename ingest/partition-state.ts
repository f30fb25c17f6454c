import type { LedgerEnd, LogOffsets, Start } from './protocol.ts';

/** How far a worker has come with one partition. Replaced, never changed. Times are monotonic ms unless said otherwise. */
export interface PartitionState {
  /** `starting`: where to begin is being decided; what was gathered before that is still written. */
  readonly phase: 'starting' | 'reading';
  /** The source has no more of it: given up once it is written. */
  readonly leaving: boolean;
  readonly incarnation: number;
  readonly topicId: string;
  /** The record before the start has to be the one that the ledger knows; null when it need not be, or is proven. */
  readonly verify: LedgerEnd | null;
  /** Everything before it is stored; -1 until the start is decided. */
  readonly stored: number;
  /** Everything before it is stored, and the group knows it; -1: the group knows nothing. */
  readonly acknowledged: number;
  /** Until then nothing is written because the store rejects its rows, or its topic is gone; null: it is not so. */
  readonly haltedUntil: number | null;
  /** Records of the log that are not read; null: not known. */
  readonly lag: number | null;
  /** When the end of the log was last learned, epoch ms; null: never. */
  readonly lagAt: number | null;
  /** When it last read or stored something. */
  readonly idleSince: number;
}

/** What happens to a partition. */
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

/** Without a batch before the group is told, and between two tries of rows that the store rejects, ms. */
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
export function advance(state: PartitionState, event: PartitionEvent): PartitionState {
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

/** What has been read of a partition and is not stored. */
export interface Gathered {
  /** Batches that wait to be written. */
  closed: number;
  /** Nothing waits, and nothing grows. */
  isEmpty: boolean;
  /** Not all of an announced range has been read again. */
  owesReplay: boolean;
  /** A batch is being written, or the group is being told. */
  isWriting: boolean;
}

/**
 * What a chunk that begins at `from` is to a partition that has read up to `position`: `next`, `proof` when its first
 * record has to prove which topic it is, or `elsewhere` when the source did not bring what was asked for.
 */
export function placeOf(
  { verify }: PartitionState,
  from: number,
  position: number,
): 'next' | 'proof' | 'elsewhere' {
  if (from !== position - (verify === null ? 0 : 1)) return 'elsewhere';
  return verify === null ? 'next' : 'proof';
}

/** What is written next. Telling the group can wait until nothing has come for a while. */
export function nextWrite(
  state: PartitionState,
  gathered: Gathered,
  monotonic: number,
): 'batch' | 'acknowledgement' | 'nothing' {
  if (gathered.closed > 0) return gathered.isWriting || isHalted(state, monotonic) ? 'nothing' : 'batch';
  const isIdle = gathered.isEmpty && monotonic - state.idleSince > IDLE;
  return isIdle && mayAcknowledge(state, gathered) ? 'acknowledgement' : 'nothing';
}

/** True while the store rejects the rows and the next try is not due. */
export function isHalted({ haltedUntil }: PartitionState, monotonic: number): boolean {
  return haltedUntil !== null && monotonic < haltedUntil;
}

/** Whether there is something to tell the group. */
export function mayAcknowledge(
  state: PartitionState,
  { owesReplay, isWriting }: Pick<Gathered, 'owesReplay' | 'isWriting'>,
): boolean {
  if (state.phase === 'starting' || isWriting) return false;
  if (state.stored < 0 || state.stored === state.acknowledged) return false;
  // An acknowledgement would erase the announcement, and with it what tells the next owner how the range was cut.
  return !owesReplay;
}

/** One batch may wait behind the one that is being written; then reading has to wait. */
export function mayRead({ closed }: Pick<Gathered, 'closed'>): boolean {
  return closed < 2;
}

/** True when nothing is left to do for a partition that the source has no more of. */
export function isOver(state: PartitionState, { isEmpty }: Pick<Gathered, 'isEmpty'>): boolean {
  return state.phase === 'reading' && state.leaving && isEmpty && state.stored === state.acknowledged;
}
