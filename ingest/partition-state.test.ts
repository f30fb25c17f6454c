import { describe, expect, test } from 'vitest';
import {
  nextState,
  assigned,
  type Gathered,
  isOver,
  mayAcknowledge,
  mayRead,
  nextWrite,
  type PartitionEvent,
  type PartitionState,
  placeOf,
} from './partition-state.ts';
import type { Start } from './protocol.ts';

const start: Start = { incarnation: 2, at: 10, replay: null, lost: null, verify: null, reason: '' };
const ledger = { incarnation: 2, to: 10, topic_id: 'a', digest: 'd' };
const decided = (more: Partial<Start> = {}): PartitionEvent => ({
  kind: 'decided',
  start: { ...start, ...more },
  acknowledged: 7,
  topicId: 'a',
});
const reading: PartitionState = nextState(assigned, decided());
const none: Gathered = { closed: 0, isEmpty: true, owesReplay: false, isWriting: false };

describe('a partition', () => {
  test.each<[string, PartitionState, PartitionEvent, Partial<PartitionState>]>([
    [
      'starts to read at the decided start',
      assigned,
      decided(),
      { phase: 'reading', stored: 10, acknowledged: 7, incarnation: 2, topicId: 'a' },
    ],
    [
      'with a pending replay has stored everything before it',
      assigned,
      decided({ at: 12, replay: { from: 8, to: 20 } }),
      { stored: 8 },
    ],
    ['must verify a topic that is not known', assigned, decided({ verify: ledger }), { verify: ledger }],
    [
      'verifies it once',
      { ...reading, verify: ledger },
      { kind: 'proven' },
      { verify: null, phase: 'reading' },
    ],
    [
      'whose topic was created again gets a new start, and keeps what it stored until then',
      { ...reading, stored: 15 },
      { kind: 'restarted' },
      { phase: 'starting', stored: 15 },
    ],
    ['that the source no longer names leaves', reading, { kind: 'named', isNamed: false }, { leaving: true }],
    [
      'that is named again stays',
      { ...reading, leaving: true },
      { kind: 'named', isNamed: true },
      { leaving: false },
    ],
    [
      'learns its lag from a chunk',
      reading,
      { kind: 'read', lag: 4, now: 99, monotonic: 5 },
      { lag: 4, lagAt: 99, idleSince: 5 },
    ],
    [
      'learns its lag from the log, and stays idle',
      { ...reading, idleSince: 3 },
      { kind: 'asked', log: { latest: 30 }, position: 12, now: 99 },
      { lag: 18, lagAt: 99, idleSince: 3 },
    ],
    [
      'never has a negative lag',
      reading,
      { kind: 'asked', log: { latest: 8 }, position: 12, now: 99 },
      { lag: 0, lagAt: 99 },
    ],
    [
      'of a source without an end has no lag',
      reading,
      { kind: 'asked', log: { latest: Number.MAX_SAFE_INTEGER }, position: 12, now: 99 },
      { lag: null, lagAt: null },
    ],
    [
      'learns no lag while its start is being decided',
      assigned,
      { kind: 'asked', log: { latest: 30 }, position: 12, now: 99 },
      { lag: null, lagAt: null },
    ],
    [
      'has stored the written batch',
      reading,
      { kind: 'written', to: 20, monotonic: 6 },
      { stored: 20, acknowledged: 7, idleSince: 6 },
    ],
    [
      'whose rows the store rejects is halted for ten seconds',
      reading,
      { kind: 'refused', monotonic: 1_000 },
      { haltedUntil: 11_000, stored: 10 },
    ],
    [
      'is not halted while it is tried again',
      { ...reading, haltedUntil: 11_000 },
      { kind: 'tried' },
      { haltedUntil: null },
    ],
    [
      'remembers the acknowledged offset',
      reading,
      { kind: 'acknowledged', to: 10 },
      { acknowledged: 10, stored: 10 },
    ],
  ])('%s', (_name, before, event, expected) => {
    const after = nextState(before, event);
    expect(after).toMatchObject(expected);
    // No other member has changed.
    const changed = Object.keys(after).filter(
      (key) => after[key as keyof PartitionState] !== before[key as keyof PartitionState],
    );
    if (event.kind !== 'decided') expect(Object.keys(expected)).toEqual(expect.arrayContaining(changed));
  });
});

describe('what is written next', () => {
  const idle = { ...reading, idleSince: 0 };
  const told = { ...idle, acknowledged: idle.stored };
  test.each<[string, PartitionState, Partial<Gathered>, number, ReturnType<typeof nextWrite>]>([
    ['a closed batch', idle, { closed: 1, isEmpty: false }, 0, 'batch'],
    [
      'nothing while one is being written',
      idle,
      { closed: 2, isEmpty: false, isWriting: true },
      0,
      'nothing',
    ],
    ['nothing while the store rejects the rows', { ...idle, haltedUntil: 10 }, { closed: 1 }, 9, 'nothing'],
    ['the rejected batch again in time', { ...idle, haltedUntil: 10 }, { closed: 1 }, 10, 'batch'],
    ['the acknowledgement after half a second', idle, {}, 501, 'acknowledgement'],
    ['no acknowledgement before that', idle, {}, 500, 'nothing'],
    ['no acknowledgement while a batch grows', idle, { isEmpty: false }, 900, 'nothing'],
    ['no acknowledgement that the group already has', told, {}, 900, 'nothing'],
    ['no acknowledgement over an announcement', idle, { owesReplay: true }, 900, 'nothing'],
    ['no acknowledgement before the start is decided', { ...idle, phase: 'starting' }, {}, 900, 'nothing'],
  ])('is %s', (_name, state, gathered, monotonic, expected) => {
    expect(nextWrite(state, { ...none, ...gathered }, monotonic)).toBe(expected);
  });

  test('at the end is the acknowledgement, without waiting', () => {
    expect(mayAcknowledge(reading, none)).toBe(true);
    expect(mayAcknowledge(reading, { ...none, isWriting: true })).toBe(false);
    expect(mayAcknowledge(assigned, none)).toBe(false);
  });
});

test.each<[string, PartitionState, number, ReturnType<typeof placeOf>]>([
  ['at the position is next', reading, 10, 'next'],
  ['after it is elsewhere', reading, 11, 'elsewhere'],
  ['before it is elsewhere', reading, 9, 'elsewhere'],
  ['one before it is the required proof', { ...reading, verify: ledger }, 9, 'proof'],
  ['at the position is elsewhere while a proof is required', { ...reading, verify: ledger }, 10, 'elsewhere'],
])('a chunk %s', (_name, state, from, place) => {
  expect(placeOf(state, from, 10)).toBe(place);
});

test.each([
  [0, true],
  [1, true],
  [2, false],
])('reading with %i closed batches: %s', (closed, may) => {
  expect(mayRead({ closed })).toBe(may);
});

test.each<[string, Partial<PartitionState>, boolean, boolean]>([
  ['once everything is stored and acknowledged', { leaving: true, stored: 9, acknowledged: 9 }, true, true],
  ['not before it is acknowledged', { leaving: true, stored: 9, acknowledged: 8 }, true, false],
  ['not while a batch is left', { leaving: true, stored: 9, acknowledged: 9 }, false, false],
  ['not while the source has more of it', { stored: 9, acknowledged: 9 }, true, false],
  ['not while its start is decided', { ...assigned, leaving: true }, true, false],
])('a partition is given up %s', (_name, state, isEmpty, expected) => {
  expect(isOver({ ...reading, ...state }, { isEmpty })).toBe(expected);
});
