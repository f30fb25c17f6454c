import { describe, expect, test } from 'vitest';
import { decideStart, decodeCommit, encodeMetadata, type GroupCommit, type LedgerEnd } from './protocol.ts';

const log = { earliest: 0, latest: 1_000 };
const pending = (offset: number, to: number, incarnation = 0): GroupCommit => ({ offset, to, incarnation });
const done = (offset: number, incarnation = 0): GroupCommit => ({ offset, to: null, incarnation });
const ledger = (to: number, incarnation = 0): LedgerEnd => ({ to, incarnation, topic_id: '', digest: 'd' });
const start = (fields: Partial<Parameters<typeof decideStart>[0]>) =>
  decideStart({ commit: null, foreignOffset: null, ledger: null, log, topicId: '', ...fields });

describe('metadata of a commit', () => {
  test.each([
    [0, 150],
    [3, 150],
    [0, null],
  ])('incarnation %s and end %s can be read back from the broker', (incarnation, to) => {
    expect(decodeCommit(100, encodeMetadata(incarnation, to))).toEqual({ offset: 100, incarnation, to });
  });
  test.each([
    ['no metadata', 100, null],
    ['an empty text', 100, ''],
    ["another program's text", 100, 'checkpoint-7'],
    ['no offset', -1, encodeMetadata(0, 150)],
    ['a range that ends before its start', 100, encodeMetadata(0, 90)],
  ])('%s is not a commit of faultline', (_name, offset, metadata) => {
    expect(decodeCommit(offset, metadata)).toBeNull();
  });
});

describe('where a partition starts', () => {
  test.each([
    ['the first start of a group: the beginning of the log', {}, { at: 0, replay: null, lost: null }],
    [
      'the log of a first start begins late: there, and nothing is lost',
      { log: { earliest: 40, latest: 90 } },
      { at: 40, lost: null },
    ],
    ['an offset of another program: there', { foreignOffset: 70 }, { at: 70 }],
    [
      'an acknowledged offset: there',
      { commit: done(300), ledger: ledger(300) },
      { at: 300, replay: null, verify: null },
    ],
    [
      'an announced range: replayed exactly',
      { commit: pending(300, 350), ledger: ledger(300) },
      { at: 300, replay: { from: 300, to: 350 } },
    ],
    [
      'an announced range without any ledger: replayed exactly',
      { commit: pending(0, 50) },
      { at: 0, replay: { from: 0, to: 50 } },
    ],
    [
      'an announced range that is stored according to the ledger: not replayed',
      { commit: pending(300, 350), ledger: ledger(350) },
      { at: 350, replay: null },
    ],
    [
      'a ledger that lags behind the acknowledgement: from the ledger, to fill the gap',
      { commit: done(300), ledger: ledger(250) },
      { at: 250, replay: null },
    ],
    [
      'a ledger that lags behind the announcement: fill the gap, then replay with the same boundaries',
      { commit: pending(300, 350), ledger: ledger(250) },
      { at: 250, replay: { from: 300, to: 350 } },
    ],
    [
      'the offsets of the group are gone: from the ledger, after a check of the last record',
      { ledger: ledger(400) },
      { at: 400, verify: ledger(400) },
    ],
    [
      'the offsets are gone, but the topic id is the same: from the ledger without a check',
      { ledger: { ...ledger(400), topic_id: 'a' }, topicId: 'a' },
      { at: 400, verify: null },
    ],
    [
      'another topic of the same name, as long as the old one: a new incarnation',
      { commit: done(400), ledger: { ...ledger(400), topic_id: 'a' }, topicId: 'b' },
      { at: 0, incarnation: 1 },
    ],
    ['a tool has reset the offset: from the ledger', { foreignOffset: 10, ledger: ledger(400) }, { at: 400 }],
    [
      'retention has overtaken the group: the gap is lost',
      { commit: done(300), ledger: ledger(300), log: { earliest: 500, latest: 1_000 } },
      { at: 500, lost: { from: 300, to: 500 } },
    ],
    [
      'retention has overtaken an announced range: lost, no replay',
      { commit: pending(300, 350), ledger: ledger(300), log: { earliest: 500, latest: 1_000 } },
      { at: 500, replay: null, lost: { from: 300, to: 500 } },
    ],
    [
      'retention has cut an announced range: the rest is replayed under its token',
      { commit: pending(300, 350), ledger: ledger(300), log: { earliest: 320, latest: 1_000 } },
      { at: 320, replay: { from: 300, to: 350 }, lost: { from: 300, to: 320 } },
    ],
    [
      'the log ends before the last counted record: a new incarnation from its start',
      { commit: done(3_000), ledger: ledger(3_000) },
      { at: 0, incarnation: 1, replay: null },
    ],
    [
      'no offset, and the log ends before the ledger: a new incarnation',
      { ledger: ledger(3_000, 2) },
      { at: 0, incarnation: 3 },
    ],
    [
      'a later incarnation in the ledger: the old commit is ignored',
      { commit: pending(300, 350, 0), ledger: ledger(20, 1) },
      { at: 20, incarnation: 1, replay: null },
    ],
  ])('%s', (_name, given, expected) => {
    expect(start(given)).toMatchObject(expected);
  });
});

describe('where a partition starts when the ledger may lag, as on replicas', () => {
  const lagging = { ledgerMayLag: true };
  test.each([
    [
      'behind the acknowledgement: the acknowledgement counts',
      { commit: done(300), ledger: ledger(250) },
      { at: 300, replay: null, lost: null },
    ],
    [
      'behind the announcement: the range is replayed, and nothing before it',
      { commit: pending(300, 350), ledger: ledger(250) },
      { at: 300, replay: { from: 300, to: 350 } },
    ],
    [
      'without the announced range, which is stored: replayed under its token, which is refused',
      { commit: pending(300, 350), ledger: ledger(300) },
      { at: 300, replay: { from: 300, to: 350 } },
    ],
    [
      'with the announced range: not replayed, as without lag',
      { commit: pending(300, 350), ledger: ledger(350) },
      { at: 350, replay: null },
    ],
    [
      'ahead of an old announcement that reappeared: from the ledger, as without lag',
      { commit: pending(300, 350), ledger: ledger(900) },
      { at: 900, replay: null },
    ],
    [
      'of an incarnation before the commit: the commit counts',
      { commit: done(300, 1), ledger: { ...ledger(800), topic_id: 'a' }, topicId: 'b' },
      { at: 300, incarnation: 1 },
    ],
    [
      'without an offset of the group: the ledger counts',
      { ledger: ledger(400) },
      { at: 400, verify: ledger(400) },
    ],
    [
      'behind the acknowledgement of a topic that was created again: a new incarnation',
      { commit: done(300), ledger: { ...ledger(250), topic_id: 'a' }, topicId: 'b' },
      { at: 0, incarnation: 1 },
    ],
  ])('%s', (_name, given, expected) => {
    expect(start({ ...given, ...lagging })).toMatchObject(expected);
  });
});
