import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/error.ts';
import type { OffsetRange } from './protocol.ts';
import { type Committed, RawRecord, type Sink, type Source } from './sources/source.ts';
import { createRecordReader } from './read-record.ts';
import { createWorker } from './worker.ts';
import { silentEvents, type WorkerEvents } from './worker-events.ts';
import { noRows } from '../store/native-answer.ts';

const id = { topic: 't', partition: 0 };
const TS = 1_760_000_000_000;
const value = Buffer.from(JSON.stringify({ ts: TS, status: 200 }));

/** One partition whose log ends where the test says, and a store that accepts inserts when the test says. */
function world(
  start: { committed: Committed; ledgerTo: number | null; latest: number },
  events: Partial<WorkerEvents> = {},
) {
  const state = { latest: start.latest, storeIsUp: true, position: -1, paused: true };
  let sink: Sink | null = null;
  const source: Source = {
    run: (given) => {
      sink = given;
      given.assigned(1, [id]);
      return new Promise(() => undefined);
    },
    seek: (_id, offset) => void (state.position = offset),
    pause: () => void (state.paused = true),
    resume: () => void (state.paused = false),
    commit: async () => undefined,
    committed: async () => [start.committed],
    logOffsets: async () => [{ earliest: 0, latest: state.latest }],
    topicId: () => '',
    stop: async () => undefined,
  };
  const ledger =
    start.ledgerTo === null ? [] : [{ ...id, incarnation: 0, to: start.ledgerTo, topic_id: '', digest: '' }];
  const store: Store = {
    kind: 'server',
    database: 'd',
    cluster: '',
    where: 'here',
    query: async <Row>(sql: string) => (sql.includes('day_counted') ? [] : ledger) as Row[],
    columns: async () => noRows,
    command: async () => undefined,
    insert: async () => {
      if (!state.storeIsUp) throw new StoreError('unreachable', 'down');
    },
    close: async () => undefined,
  };
  const worker = createWorker({
    store,
    source,
    worker: 'w',
    mostNames: 10_000,
    announcementMs: 1e9,
    monotonic: () => performance.now(),
    now: () => TS,
    sleep: (ms) => sleep(Math.min(ms, 2)),
    chance: () => 0,
    events: { ...silentEvents, ...events },
    reached: () => undefined,
    onRefused: 'halt',
    limits: { rows: 2, bytes: 1e9, age_ms: 0, quiet_age_ms: 0 },
    memoryBytes: 1e9,
    writers: 1,
    reader: createRecordReader({ format: 'native', mapping: {} }),
  });
  const ran = worker.run();
  const bring = (from: number, to: number): void => {
    const records = Array.from({ length: to - from }, (_, i) => new RawRecord(from + i, value));
    sink?.chunk(1, { ...id, from, to, records, highWatermark: state.latest });
  };
  return { worker, state, bring, ran };
}

describe('what a worker reports about its partitions', () => {
  it('counts the records that are not written, also while the log grows and nothing is read', async () => {
    const { worker, state, bring } = world({
      committed: { offset: -1, metadata: null },
      ledgerTo: null,
      latest: 10,
    });
    expect(worker.status().partitions).toEqual([
      {
        ...id,
        starting: true,
        paused: true,
        halted: false,
        unwritten: null,
        stored: -1,
        known_at: null,
        waiting_ts: null,
      },
    ]);
    await expect.poll(() => state.position).toBe(0);
    state.storeIsUp = false;
    bring(0, 2);
    bring(2, 4);
    bring(4, 6);
    await expect
      .poll(() => worker.status().partitions[0])
      .toEqual({
        ...id,
        starting: false,
        paused: true,
        halted: false,
        unwritten: 10,
        stored: 0,
        known_at: TS,
        waiting_ts: TS,
      });
    state.latest = 500;
    expect(await worker.refreshLag()).toBe(true);
    expect(worker.status().partitions[0]?.unwritten).toBe(500);
    expect(worker.status().held_bytes).toBeGreaterThan(0);
    state.storeIsUp = true;
    await expect
      .poll(() => worker.status().partitions[0])
      .toMatchObject({ paused: false, unwritten: 494, waiting_ts: null });
    expect(worker.status().ticked_at).toBeGreaterThan(performance.now() - 1_000);
    await worker.stop(0);
    expect(worker.status().partitions).toEqual([]);
    expect(await worker.refreshLag()).toBe(false);
  });

  it('has no lag for a source without an end', async () => {
    const { worker, state, bring } = world({
      committed: { offset: -1, metadata: null },
      ledgerTo: null,
      latest: Number.MAX_SAFE_INTEGER,
    });
    await expect.poll(() => state.position).toBe(0);
    await worker.refreshLag();
    expect(worker.status().partitions[0]?.unwritten).toBe(null);
    bring(0, 1);
    await worker.stop(0);
  });
});

describe('an announced range', () => {
  const starts: [string, number | null, OffsetRange[], number][] = [
    [
      'that is stored according to the ledger is not sent again, and this is reported',
      5,
      [{ from: 0, to: 5 }],
      5,
    ],
    ['that the ledger does not know is sent again', null, [], 0],
  ];
  it.each(starts)('%s', async (_name, ledgerTo, said, position) => {
    const ranges: OffsetRange[] = [];
    const committed = { offset: 0, metadata: 'faultline:1:0:5' };
    const { worker, state } = world(
      { committed, ledgerTo, latest: 9 },
      { alreadyIn: (_id, range) => ranges.push(range) },
    );
    await expect.poll(() => state.position).toBe(position);
    expect(ranges).toEqual(said);
    await worker.stop(0);
  });
});
