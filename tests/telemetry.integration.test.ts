import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMigrated } from '../cli/needs/open-migrated.ts';
import { workerFor } from '../cli/needs/worker.ts';
import { settingsSchema } from '../domain/settings.ts';
import { openStreamLines } from '../ingest/sources/stream-lines.ts';
import { createTelemetry, type Telemetry } from '../ingest/telemetry/telemetry.ts';
import { reportToBoth, silentEvents } from '../ingest/worker-events.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/error.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { produceLines } from './kafka/produce.ts';

const NOW = Date.now();

/** Lines with successes and failures of several classes. Every hundredth line is not a record. */
function lines(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % 100 === 99) return '{broken';
    const common = {
      ts: new Date(NOW - (count - i) * 10).toISOString(),
      provider: 'openai',
      model: `m${i % 7}`,
    };
    if (i % 10 !== 3) return JSON.stringify({ ...common, status: 200, latency_ms: i % 900 });
    const status = [401, 429, 500][i % 3];
    return JSON.stringify({ ...common, status, error: { message: `no ${status}` } });
  });
}

function read(text: string): Map<string, number> {
  const rows = text.split('\n').filter((row) => row !== '' && !row.startsWith('#'));
  return new Map(
    rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), Number(row.slice(row.lastIndexOf(' ') + 1))]),
  );
}

/** Values of a metric by its only label, without zeros. */
function byLabel(found: Map<string, number>, name: string): Record<string, number> {
  const entries = [...found].filter(([key, value]) => key.startsWith(`${name}{`) && value > 0);
  return Object.fromEntries(entries.map(([key, value]) => [/"(.*)"/.exec(key)?.[1] ?? '', value]));
}

function toRecord(rows: readonly { name: string; n: number }[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

async function tables(
  store: Store,
): Promise<{ classes: Record<string, number>; dead: Record<string, number>; batches: number }> {
  const classes = await store.query<{ name: string; n: number }>(
    'SELECT class AS name, sum(requests) AS n FROM request_counts GROUP BY class',
  );
  const dead = await store.query<{ name: string; n: number }>(
    'SELECT reason AS name, count() AS n FROM dead_letters GROUP BY reason',
  );
  const batches = await store.query<{ n: number }>('SELECT count() AS n FROM ingest_batches');
  return { classes: toRecord(classes), dead: toRecord(dead), batches: batches[0]?.n ?? 0 };
}

/** Runs a worker over lines with this name, with its telemetry, until they are read. */
async function ingest(name: string, text: string, through: Store): Promise<Telemetry> {
  const telemetry = createTelemetry({ monotonic: () => performance.now(), now: () => NOW, process: true });
  async function* stream() {
    yield text;
  }
  const settings = settingsSchema.parse({ batch: { rows: 3_000 } });
  const worker = workerFor({ now: () => NOW }, settings, {
    store: through,
    source: openStreamLines('stdin', name, stream()),
    events: reportToBoth(silentEvents, telemetry.events),
    onRefused: 'fail',
  });
  telemetry.watch(worker, through);
  await worker.run();
  await telemetry.sample();
  return telemetry;
}

describe('metrics of a run over a pipe', () => {
  let directory: string;
  let store: Store;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'faultline-telemetry-'));
    store = await openMigrated({ ...settingsSchema.parse({}).clickhouse, path: directory });
  });
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('agree with the tables, also after the same lines came again', async () => {
    const count = 20_000;
    const text = `${lines(count).join('\n')}\n\n`;
    const telemetry = await ingest('one', text, store);
    const found = read(await telemetry.text());
    const expected = await tables(store);
    expect(sum(expected.classes)).toBe(count - count / 100);
    expect(Object.keys(expected.classes).length).toBeGreaterThan(3);
    expect(byLabel(found, 'faultline_requests_total')).toEqual(expected.classes);
    expect(byLabel(found, 'faultline_dead_letters_total')).toEqual(expected.dead);
    expect(found.get('faultline_records_read_total')).toBe(count + 1);
    expect(found.get('faultline_bytes_read_total')).toBe(text.length - count - 1);
    expect(found.get('faultline_skipped_total')).toBe(1);
    expect(found.get('faultline_batch_records_count')).toBe(expected.batches);
    expect(found.get('faultline_batch_records_sum')).toBe(count + 1);
    for (const table of ['request_counts', 'error_events', 'dead_letters', 'ingest_batches'])
      expect(found.get(`faultline_stage_seconds_count{stage="insert_${table}"}`), table).toBeGreaterThan(0);
    expect([...found.keys()].some((name) => name.startsWith('process_cpu_seconds_total'))).toBe(true);
    const before = found.get('faultline_store_duplicate_blocks_total') ?? Number.NaN;
    expect(before).toBe(0);

    // The ledger knows these lines: they are neither counted nor written again.
    const again = read(await (await ingest('one', text, store)).text());
    expect(byLabel(again, 'faultline_requests_total')).toEqual({});
    expect(await tables(store)).toEqual(expected);
  });

  it('show what ClickHouse refused as a duplicate when an answer got lost', async () => {
    let lost = 0;
    const forgetful: Store = {
      ...store,
      async insert(insert) {
        await store.insert(insert);
        if (insert.table === 'request_counts' && lost++ === 0)
          throw new StoreError('unreachable', 'the answer got lost');
      },
    };
    const before = await tables(store);
    const found = read(await (await ingest('two', `${lines(500).join('\n')}\n`, forgetful)).text());
    expect(found.get('faultline_insert_retries_total{error="UNREACHABLE"}')).toBe(1);
    expect(found.get('faultline_store_duplicate_blocks_total')).toBeGreaterThan(0);
    expect(found.get('faultline_stage_seconds_count{stage="store_wait"}')).toBe(1);
    const after = await tables(store);
    expect(sum(after.classes) - sum(before.classes)).toBe(495);
  });
});

await describeWithKafka('telemetry of faultline ingest on a real Kafka', (kafka) => {
  it('adds up, follows the lag down to 0, and logs only changes of state', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'faultline-telemetry-'));
    const topic = await kafka.createTopic({ partitions: 3 });
    const count = 9_000;
    await produceLines(kafka.brokers, topic, lines(count));
    const child = spawn(process.execPath, ['--no-warnings', 'cli/main.ts', 'ingest'], {
      env: {
        ...process.env,
        FAULTLINE_KAFKA_BROKERS: kafka.brokers.join(','),
        FAULTLINE_KAFKA_TOPICS: topic,
        FAULTLINE_KAFKA_GROUP: topic,
        FAULTLINE_CLICKHOUSE_PATH: directory,
        FAULTLINE_METRICS_PORT: '0',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => (log += part));
    const exited = once(child, 'exit');
    try {
      const url = await until(
        () => /"url":"(http:[^"]+)"/.exec(log)?.[1],
        () => log,
      );
      const found = await until(
        async () => {
          const now = read(await (await fetch(`${url}/metrics`)).text());
          return now.get('faultline_batch_records_sum') === count ? now : undefined;
        },
        () => log,
      );
      const dead = count / 100;
      const requests = sum(byLabel(found, 'faultline_requests_total'));
      expect(requests).toBe(count - dead);
      expect(byLabel(found, 'faultline_dead_letters_total')).toEqual({ not_json: dead });
      expect(found.get('faultline_partitions{state="held"}')).toBe(3);
      for (const partition of [0, 1, 2])
        expect(found.get(`faultline_lag_records{topic="${topic}",partition="${partition}"}`)).toBe(0);
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        200,
        { state: 'ok', reasons: [], partitions: 3, lag_records: 0, lag_seconds: 0 },
      ]);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      child.kill('SIGTERM');
      expect((await exited)[0]).toBe(0);
      // Only changes of state are logged: no line per fetch, batch or message of the client.
      expect(log.trim().split('\n').length, log).toBeLessThanOrEqual(10);
    } finally {
      child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  });
});

async function until<T>(look: () => T | undefined | Promise<T | undefined>, why: () => string): Promise<T> {
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`nothing came within 120 s:\n${why()}`);
}
