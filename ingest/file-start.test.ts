import { describe, expect, it } from 'vitest';
import { decideFileStart, isSameLine } from './file-start.ts';
import { recordDigest } from './record-digest.ts';
import type { GroupCommit, LedgerEnd } from './protocol.ts';

const ledger = (to: number, incarnation = 0): LedgerEnd => ({ incarnation, to, topic_id: '', digest: 'd' });
const announced = (offset: number, to: number, incarnation = 0): GroupCommit => ({ offset, to, incarnation });
const whole = { earliest: 0, latest: Number.MAX_SAFE_INTEGER };
const cut = { earliest: 0, latest: 3 };

describe('where reading of a file starts', () => {
  it.each([
    [
      'a new file starts at its first line',
      null,
      null,
      whole,
      { at: 0, incarnation: 0, replay: null, verify: null, reason: '' },
    ],
    [
      'a file that was read before continues after its last line, if that is still the same',
      null,
      ledger(10),
      whole,
      {
        at: 10,
        incarnation: 0,
        replay: null,
        verify: ledger(10),
        reason: 'app.log was counted up to line 10',
      },
    ],
    [
      'a batch that was announced and is not in the ledger keeps its boundaries',
      announced(10, 15),
      ledger(10),
      whole,
      { at: 10, replay: { from: 10, to: 15 }, verify: ledger(10) },
    ],
    ['also when it was the first one', announced(0, 5), null, whole, { at: 0, replay: { from: 0, to: 5 } }],
    [
      'an announcement that is in the ledger is ignored',
      announced(5, 10),
      ledger(10),
      whole,
      { at: 10, replay: null },
    ],
    [
      'an emptied ledger counts, not the announcement',
      announced(10, 15),
      null,
      whole,
      { at: 0, replay: { from: 10, to: 15 } },
    ],
    [
      'a file with fewer lines than were counted is read from its first line, as a new one',
      null,
      ledger(10),
      cut,
      {
        at: 0,
        incarnation: 1,
        replay: null,
        verify: null,
        reason: expect.stringMatching(/^app\.log was truncated or replaced: line 10 /),
      },
    ],
    [
      'the first batch of a replaced file may be half stored',
      announced(0, 5, 1),
      ledger(10),
      whole,
      { at: 0, incarnation: 1, replay: { from: 0, to: 5 }, verify: null },
    ],
  ])('%s', (_fact, commit, end, log, start) => {
    expect(decideFileStart({ commit, ledger: end, log }, 'app.log')).toMatchObject(start);
  });
});

describe('a line that was counted', () => {
  const digest = recordDigest(Buffer.from('{"a":1}'));
  it.each([
    ['is recognised', '{"a":1}', true],
    ['also with blanks after it', '{"a":1}  ', true],
    ['also when a writer continued in the same line', '{"a":1}{"b":2}', true],
    ['but not another line', '{"a":2}', false],
    ['and not half of it', '{"a":', false],
  ])('%s', (_fact, text, same) => expect(isSameLine(Buffer.from(text), digest)).toBe(same));
  it('may be empty', () => expect(isSameLine(null, recordDigest(null))).toBe(true));
});
