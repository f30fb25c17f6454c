import { describe, expect, it } from 'vitest';
import type { RequestLog } from '../../domain/request-log.ts';
import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/error.ts';
import { type Batch, Batcher } from '../batcher.ts';
import type { RecordReader } from '../read-record.ts';
import type { OffsetRange } from '../protocol.ts';
import { RawRecord } from '../sources/source.ts';
import type { PartitionId } from '../partition-id.ts';
import { createRecordReader } from '../read-record.ts';
import type { Worker } from '../worker.ts';
import type { PartitionStatus, WorkerStatus } from '../worker-status.ts';
import { insertErrors, metrics, PARTITION_SERIES } from './metrics.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import { noRows } from '../../store/native-answer.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ts = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1_000).toISOString();
const line = (fields: Partial<Record<keyof RequestLog, unknown>>): Buffer =>
  Buffer.from(JSON.stringify({ ts: ts(30), provider: 'openai', status: 200, ...fields }));

/** Telemetry of a worker whose status the test sets. */
function world(partitions: PartitionStatus[] = []) {
  let clock = 0;
  const telemetry = createTelemetry({ monotonic: () => clock, now: () => NOW, process: false });
  const status: WorkerStatus = { partitions, held_bytes: 123, ticked_at: 0 };
  const asked: string[] = [];
  const answers = { store: (): unknown[] => [{ blocks: 7 }], source: (): boolean => true };
  const worker: Worker = {
    run: async () => undefined,
    stop: async () => undefined,
    status: () => ({ ...status, ticked_at: clock }),
    refreshLag: async () => answers.source(),
  };
  const store: Store = {
    kind: 'server',
    database: 'd',
    cluster: '',
    where: 'secret.host:8123',
    query: async <Row>(sql: string) => {
      asked.push(sql);
      return answers.store() as Row[];
    },
    columns: async () => noRows,
    command: async () => undefined,
    insert: async () => undefined,
    close: async () => undefined,
  };
  telemetry.watch(worker, store);
  return { telemetry, answers, asked, status, wait: (ms: number) => void (clock += ms) };
}

const partition = (topic: string, number: number, more: Partial<PartitionStatus> = {}): PartitionStatus => ({
  topic,
  partition: number,
  starting: false,
  paused: false,
  halted: false,
  unwritten: 0,
  stored: 0,
  known_at: NOW,
  waiting_ts: null,
  ...more,
});

const reader: RecordReader = createRecordReader({ format: 'native', mapping: {} });

function batchOf(id: PartitionId, values: (Buffer | null)[], replay: OffsetRange | null = null): Batch {
  const batcher = new Batcher(id, 0, replay, reader);
  const records = values.map((value, offset) => new RawRecord(offset, value));
  batcher.add({ ...id, from: 0, to: values.length, records, highWatermark: values.length }, NOW, 0);
  batcher.close();
  const [batch] = batcher.closed;
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

/** Every series with its value. */
async function series(telemetry: Telemetry): Promise<Map<string, number>> {
  const lines = (await telemetry.text()).split('\n').filter((text) => text !== '' && !text.startsWith('#'));
  return new Map(
    lines.map((text) => [
      text.slice(0, text.lastIndexOf(' ')),
      Number(text.slice(text.lastIndexOf(' ') + 1)),
    ]),
  );
}

function of(found: Map<string, number>, name: string): string[] {
  return [...found.keys()].filter((key) => key.startsWith(`${name}{`));
}

function silence(): never {
  throw new StoreError('unreachable', 'http://secret.host:8123 does not answer');
}

const id = { topic: 't', partition: 0 };

describe('metrics', () => {
  it('add up to the contents of the batches', async () => {
    const { telemetry } = world([partition('t', 0, { unwritten: 40, waiting_ts: NOW - 9_000 })]);
    const { events } = telemetry;
    const values = [
      line({}),
      line({ ts: ts(20) }),
      line({
        status: 429,
        error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' },
      }),
      Buffer.from('{broken'),
      line({ status: 'x' }),
      null,
    ];
    events.assigned([id]);
    events.folded(id, values.length, 777, 12, 40);
    events.announced(4);
    events.inserted('request_counts', 50);
    events.inserted('ingest_batches', 10);
    events.written(id, batchOf(id, values), 1_200, 90);
    const found = await series(telemetry);
    const expected: Record<string, number> = {
      faultline_records_read_total: 6,
      faultline_bytes_read_total: 777,
      'faultline_requests_total{class="ok"}': 2,
      'faultline_requests_total{class="rate_limit"}': 1,
      'faultline_requests_total{class="slow_down"}': 0,
      'faultline_dead_letters_total{reason="not_json"}': 1,
      'faultline_dead_letters_total{reason="schema"}': 1,
      faultline_skipped_total: 1,
      faultline_lost_records_total: 0,
      'faultline_lag_records{topic="t",partition="0"}': 40,
      'faultline_lag_seconds{topic="t",partition="0"}': 9,
      'faultline_watermark_timestamp_seconds{topic="t",partition="0"}': NOW / 1_000 - 20,
      faultline_batch_records_sum: 6,
      faultline_batch_records_count: 1,
      faultline_batch_age_seconds_sum: 1.2,
      'faultline_stage_seconds_sum{stage="fold"}': 0.012,
      'faultline_stage_seconds_sum{stage="announce"}': 0.004,
      'faultline_stage_seconds_sum{stage="insert_request_counts"}': 0.05,
      'faultline_stage_seconds_sum{stage="insert_ingest_batches"}': 0.01,
      'faultline_stage_seconds_sum{stage="write"}': 0.09,
      faultline_replayed_ranges_total: 0,
      faultline_rebalances_total: 1,
      'faultline_partitions{state="held"}': 1,
      'faultline_partitions{state="halted"}': 0,
      faultline_held_bytes: 123,
      'faultline_health{state="ok"}': 1,
      'faultline_health{state="not_ready"}': 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)]))).toEqual(
      expected,
    );
  });

  it('count what was sent again, refused, lost and waited for', async () => {
    const { telemetry, wait } = world([partition('t', 0)]);
    const { events } = telemetry;
    events.storeFailed('x', new StoreError('busy', 'x', 252));
    events.storeFailed('x', new StoreError('unreachable', 'x'));
    events.storeFailed('x', new Error('x'));
    events.waited('store', 1_500);
    events.brokerFailed('x');
    events.waited('broker', 500);
    events.written(id, batchOf(id, [line({}), line({})], { from: 0, to: 2 }), 1, 1);
    events.alreadyIn(id, { from: 0, to: 5 });
    events.lost(id, 100, 350);
    events.assigned([id]);
    events.revoked();
    wait(3_000);
    events.assigned([id]);
    const found = await series(telemetry);
    const expected: Record<string, number> = {
      'faultline_insert_retries_total{error="TOO_MANY_PARTS"}': 1,
      'faultline_insert_retries_total{error="UNREACHABLE"}': 1,
      'faultline_insert_retries_total{error="OTHER"}': 1,
      'faultline_stage_seconds_sum{stage="store_wait"}': 1.5,
      'faultline_stage_seconds_sum{stage="broker_wait"}': 0.5,
      faultline_broker_retries_total: 1,
      faultline_replayed_ranges_total: 1,
      faultline_replayed_records_total: 2,
      faultline_ledger_refused_ranges_total: 1,
      faultline_lost_records_total: 250,
      faultline_rebalances_total: 2,
      'faultline_stage_seconds_sum{stage="rebalance"}': 3,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)]))).toEqual(
      expected,
    );
  });

  it('are exactly those of the table', async () => {
    const { telemetry } = world([partition('t', 0)]);
    telemetry.events.written(id, batchOf(id, [line({})]), 1, 1);
    await telemetry.sample();
    const declared = [...(await telemetry.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, kind]) => [name, kind],
    );
    expect(declared).toEqual(Object.entries(metrics).map(([name, { kind }]) => [name, kind]));
  });

  it('have as many series for thousands of topics, models, tables and errors as for a few', async () => {
    const counts = [300, 5_000].map(async (n) => {
      const ids = Array.from({ length: n }, (_, i) =>
        partition(`topic-${i % 1_000}`, Math.floor(i / 1_000), { unwritten: 2, waiting_ts: NOW - 1_000 * i }),
      );
      const { telemetry } = world(ids);
      const { events } = telemetry;
      events.assigned(ids);
      ids.forEach((one, i) => {
        events.folded(one, 1, 1, 1, 1);
        events.inserted(`table_${i}`, 1);
        events.storeFailed(`reason ${i}`, new StoreError('busy', `reason ${i}`, i));
        events.written(
          one,
          batchOf(one, [
            line({ model: `model-${i}`, status: 400 + (i % 200), error: `error ${i}` }),
            Buffer.from(`{${i}`),
          ]),
          1,
          1,
        );
        events.halted(one, `reason ${i}`);
      });
      await telemetry.sample();
      return series(telemetry);
    });
    const [few, many] = await Promise.all(counts);
    if (few === undefined || many === undefined) throw new Error('no series');
    expect(of(few, 'faultline_lag_records')).toHaveLength(PARTITION_SERIES + 1);
    expect(of(many, 'faultline_lag_records')).toHaveLength(PARTITION_SERIES + 1);
    expect(of(many, 'faultline_insert_retries_total')).toHaveLength(insertErrors.length);
    expect(many.size).toBe(few.size);
    expect(many.size).toBeLessThan(1_500);
    // All partitions without series of their own are in `other`: nothing is missing from the sum.
    const sum = of(many, 'faultline_lag_records').reduce((total, key) => total + (many.get(key) ?? 0), 0);
    expect(sum).toBe(10_000);
    expect(many.get('faultline_lag_seconds{topic="other",partition="other"}')).toBe(4_999);
  });

  it('forget a partition that went to another worker', async () => {
    const { telemetry, status } = world([partition('t', 0), partition('t', 1)]);
    telemetry.events.written(id, batchOf(id, [line({})]), 1, 1);
    expect([...(await series(telemetry)).keys()]).toContain(
      'faultline_watermark_timestamp_seconds{topic="t",partition="0"}',
    );
    status.partitions = [partition('t', 1)];
    telemetry.events.assigned(status.partitions);
    expect([...(await series(telemetry)).keys()].filter((key) => key.includes('partition="0"'))).toEqual([]);
    status.partitions = [partition('t', 0)];
    telemetry.events.assigned(status.partitions);
    expect([...(await series(telemetry)).keys()]).not.toContain(
      'faultline_watermark_timestamp_seconds{topic="t",partition="0"}',
    );
  });

  it('have no series of lag when it is unknown', async () => {
    const { telemetry } = world([partition('t', 0, { unwritten: null })]);
    const keys = [...(await series(telemetry)).keys()];
    expect(keys.filter((key) => key.startsWith('faultline_lag_'))).toEqual([]);
  });
});

describe('lag in seconds', () => {
  const cases: [string, Partial<PartitionStatus>, number | undefined][] = [
    ['nothing waits', { unwritten: 0 }, 0],
    ['a batch waits', { unwritten: 5, waiting_ts: NOW - 4_000 }, 4],
    ['waiting records are not read yet: age of the newest request written', { unwritten: 5 }, 30],
    ['a client whose clock is ahead', { unwritten: 5, waiting_ts: NOW + 60_000 }, 0],
    ['the end of the log is not known, but a batch waits', { unwritten: null, waiting_ts: NOW - 2_000 }, 2],
  ];
  it.each(cases)('%s', async (_name, fields, expected) => {
    const { telemetry } = world([partition('t', 0, fields)]);
    telemetry.events.written(id, batchOf(id, [line({})]), 1, 1);
    expect((await series(telemetry)).get('faultline_lag_seconds{topic="t",partition="0"}')).toBe(expected);
  });
});

describe('a sample', () => {
  const blocks = 'faultline_store_duplicate_blocks_total';

  it("takes ClickHouse's own count of duplicates, also when that restarts at zero", async () => {
    const { telemetry, answers } = world();
    expect((await series(telemetry)).has(blocks)).toBe(false);
    await telemetry.sample();
    expect((await series(telemetry)).get(blocks)).toBe(7);
    answers.store = () => [{ blocks: 2 }];
    await telemetry.sample();
    expect((await series(telemetry)).get(blocks)).toBe(2);
  });

  it('leaves that count out when the user may not read it, and still counts as an answer', async () => {
    const { telemetry, answers, asked, wait } = world([partition('t', 0)]);
    telemetry.events.assigned([id]);
    answers.store = () => {
      if (asked.length === 1) throw new StoreError('refused', 'not enough privileges', 497);
      return [{ one: 1 }];
    };
    for (let i = 0; i < 20; i++) {
      await telemetry.sample();
      wait(10_000);
    }
    expect(asked.at(-1)).toBe('SELECT 1 AS one');
    expect((await series(telemetry)).has(blocks)).toBe(false);
    expect(telemetry.health()).toMatchObject({ state: 'ok', reasons: [] });
  });

  it('notices that store and broker are silent, and that they are back', async () => {
    const { telemetry, answers, wait } = world([partition('t', 0)]);
    telemetry.events.assigned([id]);
    const well = { ...answers };
    answers.store = silence;
    answers.source = silence;
    const states: string[] = [];
    for (let i = 0; i < 14; i++) {
      await telemetry.sample();
      states.push(telemetry.health().state);
      wait(10_000);
    }
    expect(states).toEqual([...Array(4).fill('ok'), ...Array(9).fill('degraded'), 'not_ready']);
    expect(telemetry.health().reasons.map(({ code }) => code)).toEqual(['store_silent', 'broker_silent']);
    expect(JSON.stringify(telemetry.health())).not.toContain('secret');
    Object.assign(answers, well);
    await telemetry.sample();
    expect(telemetry.health().state).toBe('ok');
  });

  it('reports growing lag only after a minute', async () => {
    const { telemetry, status, wait } = world([partition('t', 0)]);
    telemetry.events.assigned([id]);
    const states: string[] = [];
    for (let i = 0; i < 8; i++) {
      status.partitions = [partition('t', 0, { unwritten: 20_000 + i * 5_000, waiting_ts: NOW - 40_000 })];
      await telemetry.sample();
      states.push(telemetry.health().state);
      wait(10_000);
    }
    expect(states).toEqual([...Array(6).fill('ok'), 'degraded', 'degraded']);
    expect(telemetry.health().reasons.map(({ code }) => code)).toEqual(['lag_growing']);
  });
});

describe('health follows the worker', () => {
  it('from the first assignment to the end, through a rebalance, an outage and a halted partition', () => {
    const { telemetry, wait } = world([partition('t', 0)]);
    const { events } = telemetry;
    const state = (): string => {
      const { state: present, reasons } = telemetry.health();
      return [present, ...reasons.map(({ code }) => code)].join(' ');
    };
    expect(state()).toBe('not_ready no_assignment');
    events.assigned([id]);
    expect(state()).toBe('ok');
    events.revoked();
    expect(state()).toBe('degraded rebalancing');
    events.assigned([id]);
    events.storeFailed('x', new StoreError('unreachable', 'x'));
    expect(state()).toBe('degraded store_retrying');
    events.storeAnswered();
    expect(state()).toBe('degraded store_retrying');
    wait(11_000);
    expect(state()).toBe('ok');
    events.halted(id, 'x');
    expect(state()).toBe('degraded partitions_halted');
    events.written(id, batchOf(id, [line({})]), 1, 1);
    expect(state()).toBe('ok');
    telemetry.enter('stopping');
    expect(state()).toBe('not_ready stopping');
    telemetry.enter('ended');
    expect(state()).toBe('ok');
  });

  it('and does not stay red for tries of a worker that has lost its partitions', () => {
    const { telemetry, status, wait } = world([partition('t', 0)]);
    telemetry.events.assigned([id]);
    telemetry.events.storeFailed('x', new StoreError('unreachable', 'x'));
    telemetry.events.revoked();
    status.partitions = [];
    telemetry.events.assigned([]);
    wait(20_000);
    expect(telemetry.health()).toMatchObject({ state: 'ok', partitions: 0 });
  });
});
