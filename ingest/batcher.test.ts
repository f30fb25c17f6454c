import { expect, it } from 'vitest';
import { MOST } from '../domain/request-log.ts';
import { Cleaner } from './fields/clean.ts';
import { readNative as readNativeRows } from '../tests/fixtures/read-native.ts';
import { readNative } from './formats/native.ts';
import { Batcher, type BatchLimits, MOST_REQUESTS, QUIET_RECORDS } from './batcher.ts';
import { RawRecord } from './sources/source.ts';
import { createRecordReader } from './read-record.ts';

const limits: BatchLimits = { rows: 100, bytes: 1 << 20, age_ms: 1_000, quiet_age_ms: 5_000 };
const reader = createRecordReader({ format: 'auto', mapping: {} });
const line = Buffer.from('{"ts":1795392000000,"status":200,"provider":"openai"}');

/** A batch with this many records that was opened at 0. */
function opened(records: number): Batcher {
  const batcher = new Batcher({ topic: 't', partition: 0 }, 0, null, reader);
  const all = Array.from({ length: records }, (_item, offset) => new RawRecord(offset, line));
  const chunk = { topic: 't', partition: 0, from: 0, to: records, records: all, highWatermark: records };
  batcher.add(chunk, 1_795_392_000_000, 0);
  return batcher;
}

const busy = QUIET_RECORDS;
it.each([
  ['a batch closes at its age', busy, { age: 1_000, behind: false, busy: false }, true],
  ['and not before', busy, { age: 999, behind: false, busy: false }, false],
  ['one with few records waits longer', busy - 1, { age: 4_999, behind: false, busy: false }, false],
  ['but not for ever', busy - 1, { age: 5_000, behind: false, busy: false }, true],
  ['one that is behind waits twice as long', busy, { age: 9_999, behind: true, busy: false }, false],
  ['and no longer', busy, { age: 10_000, behind: true, busy: false }, true],
  [
    'one that waiting records will fill waits for them',
    busy,
    { age: 29_999, behind: true, busy: false, waiting: 90 },
    false,
  ],
  ['but not for ever', busy, { age: 30_000, behind: true, busy: false, waiting: 90 }, true],
  [
    'and not when they would not fill it',
    busy,
    { age: 10_000, behind: true, busy: false, waiting: 89 },
    true,
  ],
  ['age closes nothing while all writers are busy', busy, { age: 60_000, behind: false, busy: true }, false],
  ['rows close it at any age', 100, { age: 0, behind: true, busy: true }, true],
] as const)('%s', (_fact, records, { age, ...state }, closes) => {
  const batcher = opened(records);
  batcher.closeIfDue(limits, age, state);
  expect(batcher.closed.length).toBe(closes ? 1 : 0);
});

it('a batch that is read again makes the same rows, even if its records have no time of their own', () => {
  const mapping = { ts: '$.t', status: '$.s', without_time: 'now' };
  const untimed = createRecordReader({ format: 'mapped', mapping });
  const times = [1_795_300_000_000, 1_795_300_090_000, 1_795_300_050_000];
  const rowsAt = (now: number) => {
    const batcher = new Batcher({ topic: 't', partition: 0 }, 0, null, untimed);
    const records = times.map((_time, i) => new RawRecord(i, Buffer.from('{"s":429}')));
    const chunk = { topic: 't', partition: 0, from: 0, to: 3, records, written: times, highWatermark: 3 };
    batcher.add(chunk, now, 0);
    batcher.close();
    return readNativeRows(batcher.closed[0]?.rows.bodies().counts?.body ?? Buffer.alloc(0));
  };
  const rows = rowsAt(1_795_392_000_000);
  expect(rows.map(({ ts }) => ts)).toHaveLength(3);
  expect(rowsAt(1_795_399_999_000)).toEqual(rows);
});

it('a batch closes before its sums become inexact, however many requests its messages hold', () => {
  expect(MOST_REQUESTS * MOST.tokens).toBeLessThan(Number.MAX_SAFE_INTEGER / 2);
  const now = 1_795_392_000_000;
  const { log } = readNative({ ts: now, status: 200, input_tokens: MOST.tokens }, now, new Cleaner());
  if (log === null) throw new Error('the record is not read');
  const records = Array.from({ length: MOST_REQUESTS / 8 }, () => log);
  const many = { ...reader, readPlain: () => null, decode: () => ({ kind: 'ok' as const, records }) };
  const batcher = new Batcher({ topic: 't', partition: 0 }, 0, null, many);
  const state = { behind: false, busy: true };
  for (let offset = 0; offset < 8; offset++) {
    expect(batcher.closed.length).toBe(0);
    const all = [new RawRecord(offset, line)];
    batcher.add(
      { topic: 't', partition: 0, from: offset, to: offset + 1, records: all, highWatermark: 8 },
      now,
      0,
    );
    batcher.closeIfDue({ ...limits, bytes: Number.POSITIVE_INFINITY }, 0, state);
  }
  expect(batcher.closed.length).toBe(1);
  const [row] = readNativeRows(batcher.closed[0]?.rows.bodies().counts?.body ?? Buffer.alloc(0));
  expect(row?.['input_tokens']).toBe(MOST_REQUESTS * MOST.tokens);
});
