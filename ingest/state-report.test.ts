import { expect, test } from 'vitest';
import type { Insert, Store } from '../store/store.ts';
import { StoreError } from '../store/error.ts';
import type { ReportedPartition } from '../store/queries/ingest-state.ts';
import { parseTsvRow } from '../store/tsv.ts';
import { Batcher } from './batcher.ts';
import { RawRecord } from './sources/source.ts';
import { createStateReport } from './state-report.ts';
import { createRecordReader } from './read-record.ts';
import type { PartitionStatus } from './worker-status.ts';
import { noRows } from '../store/native-answer.ts';

const T0 = 1_795_000_000_000;

const partition = (number: number, more: Partial<PartitionStatus> = {}): PartitionStatus => ({
  topic: 't',
  partition: number,
  starting: false,
  paused: false,
  halted: false,
  unwritten: 0,
  stored: 10,
  known_at: T0,
  waiting_ts: null,
  ...more,
});

/** A worker whose status the test sets, and a store that remembers its inserts. */
function world(partitions: PartitionStatus[], before: ReportedPartition[] = []) {
  const state = { now: T0, partitions, storeIsUp: true };
  const inserts: Insert[] = [];
  let asked = 0;
  const answer = <Row>(sql: string): Row[] => {
    if (!state.storeIsUp) throw new StoreError('unreachable', 'down');
    asked++;
    return (sql.includes('ingest_state') ? before : [{ now: T0 / 1000 }]) as Row[];
  };
  const store: Store = {
    kind: 'server',
    database: 'd',
    cluster: '',
    where: 'here',
    query: async (sql) => answer(sql),
    columns: async () => noRows,
    command: async () => undefined,
    insert: async (insert) => {
      if (!state.storeIsUp) throw new StoreError('unreachable', 'down');
      inserts.push(insert);
    },
    close: async () => undefined,
  };
  const report = createStateReport({
    store,
    name: 'w1',
    now: () => state.now,
    worker: () => ({
      status: () => ({ partitions: state.partitions, held_bytes: 0, ticked_at: 0 }),
    }),
  });
  report.events.assigned(partitions);
  const last = (): Record<string, string | undefined>[] => {
    const insert = inserts.at(-1);
    const rows = (insert?.body.toString() ?? '').split('\n').filter((row) => row !== '');
    return rows.map((row) => {
      const cells = parseTsvRow(row);
      return Object.fromEntries((insert?.columns ?? []).map((name, i) => [name, cells[i]]));
    });
  };
  return { report, state, inserts, last, asked: () => asked };
}

/** A batch of one request with this time. */
function batchOf(ts: number, from: number) {
  const id = { topic: 't', partition: 0 };
  const batcher = new Batcher(id, from, null, createRecordReader({ format: 'native', mapping: {} }));
  const records = [new RawRecord(from, Buffer.from(JSON.stringify({ ts, status: 200 })))];
  batcher.add({ ...id, from, to: from + 1, records, highWatermark: from + 1 }, T0, 0);
  batcher.close();
  const [batch] = batcher.closed;
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

test('a thousand partitions are one insert, and the last owners are read once per assignment', async () => {
  const { report, inserts, last, asked, state } = world(
    Array.from({ length: 1_000 }, (_, i) => partition(i)),
  );
  await report.report();
  await report.report();
  expect(inserts).toHaveLength(2);
  expect(new Set(inserts.map(({ token }) => token)).size).toBe(2);
  expect(last()).toHaveLength(1_000);
  expect(last()[7]).toMatchObject({
    topic: 't',
    partition: '7',
    worker: 'w1',
    state: 'held',
    reason: '',
    behind: '0',
  });
  expect(asked()).toBe(2);
  report.events.assigned(state.partitions);
  await report.report();
  expect(asked()).toBe(4);
});

test('an assignment that comes while the last owners are read is handled by the next report', async () => {
  const { report, state, last } = world([partition(0)]);
  const first = report.report();
  state.partitions = [partition(5)];
  report.events.assigned(state.partitions);
  await first;
  await report.report();
  expect(last()).toMatchObject([{ partition: '5' }]);
});

test('without partitions nothing is inserted', async () => {
  const { report, inserts } = world([]);
  await report.report();
  expect(inserts).toEqual([]);
});

test('the next report replaces one that failed, and two never run at once', async () => {
  const { report, state, inserts } = world([partition(0)]);
  state.storeIsUp = false;
  await expect(report.report()).rejects.toThrow('down');
  state.storeIsUp = true;
  await Promise.all([report.report(), report.report()]);
  expect(inserts).toHaveLength(1);
});

test('a refused batch is reported at once with its reason, until it is stored', async () => {
  const { report, state, last } = world([partition(0), partition(1)]);
  await report.report();
  expect(report.isUrgent()).toBe(false);
  report.events.halted({ topic: 't', partition: 0 }, 'no');
  expect(report.isUrgent()).toBe(true);
  state.now += 70_000;
  state.partitions = [
    partition(0, { unwritten: 4, known_at: state.now }),
    partition(1, { stored: 90, known_at: state.now }),
  ];
  await report.report();
  expect(last()).toMatchObject([
    { reason: 'refused_rows', behind: '4', still_ms: '70000', stored_age_ms: '70000' },
    { reason: '', behind: '0', still_ms: '0', stored_age_ms: '0' },
  ]);
  // It is tried again every 10 s; the next refusal is not news.
  report.events.halted({ topic: 't', partition: 0 }, 'no');
  expect(report.isUrgent()).toBe(false);
  report.events.written({ topic: 't', partition: 0 }, batchOf(T0, 10), 1, 1);
  expect(report.isUrgent()).toBe(true);
});

test('a request with a time in the future does not show how much of a backlog is done', async () => {
  const { report, state, last } = world([partition(0, { unwritten: 500, known_at: T0 })]);
  await report.report();
  report.events.written({ topic: 't', partition: 0 }, batchOf(T0 + 3_600_000, 10), 1, 1);
  state.now += 60_000;
  await report.report();
  expect(last()[0]).toMatchObject({ stored_age_ms: '60000' });
  report.events.written({ topic: 't', partition: 0 }, batchOf(T0 + 40_000, 11), 1, 1);
  await report.report();
  expect(last()[0]).toMatchObject({ stored_age_ms: '20000' });
});

test('a failing store or broker is the reason, until it answers', async () => {
  const { report, state, last } = world([partition(0)]);
  const reasonNow = async (): Promise<string | undefined> => {
    await report.report();
    return last()[0]?.['reason'];
  };
  report.events.storeFailed('x', new StoreError('busy', 'x'));
  expect(await reasonNow()).toBe('store');
  report.events.storeAnswered();
  report.events.brokerFailed('x');
  expect(await reasonNow()).toBe('broker');
  report.events.announced(1);
  expect(await reasonNow()).toBe('');
  // The end of the log was not learned for a minute.
  state.now += 60_000;
  expect(await reasonNow()).toBe('broker');
});

test('the last report says that the worker left, and what was stored last', async () => {
  const { report, state, last } = world([partition(0, { unwritten: 3, known_at: T0 })]);
  await report.report();
  report.events.written({ topic: 't', partition: 0 }, batchOf(T0, 10), 1, 1);
  // A worker that has stopped holds nothing.
  state.partitions = [];
  await report.leave();
  expect(last()).toMatchObject([{ state: 'left', next_offset: '11', behind: '2' }]);
});
