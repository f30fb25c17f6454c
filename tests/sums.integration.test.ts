import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMigrated } from '../cli/needs/open-migrated.ts';
import { workerFor } from '../cli/needs/worker.ts';
import { MOST } from '../domain/request-log.ts';
import { settingsSchema } from '../domain/settings.ts';
import { openStreamLines } from '../ingest/sources/stream-lines.ts';
import { silentEvents } from '../ingest/worker-events.ts';
import type { Store } from '../store/store.ts';
import { readDroppedFields } from '../store/queries/dropped-fields.ts';

const now = Date.now();
let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-sums-'));
  store = await openMigrated({ ...settingsSchema.parse({}).clickhouse, path: directory });
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function ingest(name: string, lines: readonly string[], more: object = {}): Promise<void> {
  async function* stream() {
    yield `${lines.join('\n')}\n`;
  }
  const worker = workerFor({ now: () => now }, settingsSchema.parse(more), {
    store,
    source: openStreamLines('stdin', name, stream()),
    events: silentEvents,
    onRefused: 'fail',
  });
  await worker.run();
}

const usage = (index: number) => ({
  // Neither a power of two nor round, so that a sum without its last digit would show.
  input_tokens: MOST.tokens - (index % 7),
  output_tokens: MOST.tokens - (index % 3),
  latency_ms: MOST.ms,
  cost_usd: MOST.usd,
});

it('20,000 records at the bounds sum up exactly in every table, whichever reader reads them', async () => {
  const records = Array.from({ length: 20_000 }, (_, index) => usage(index));
  const ts = now - 60_000;
  const native = records.slice(0, 10_000);
  await ingest(
    'plain',
    native.map((one) => JSON.stringify({ ts, status: 200, model: 'm', ...one })),
  );
  // The fast reader of bytes does not handle records with a backslash or records of a mapping, so such records go
  // through the ordinary decoder.
  const escaped = records.slice(10_000, 15_000);
  await ingest(
    'decoded',
    escaped.map((one) => JSON.stringify({ ts, status: 200, model: 'm', client: '\\', ...one })),
  );
  const own = records.slice(15_000);
  const fields = ['ts', 'status', 'input_tokens', 'output_tokens', 'latency_ms', 'cost_usd'];
  const mapping = Object.fromEntries(fields.map((field) => [field, `$.my.${field}`]));
  await ingest(
    'mapped',
    own.map((one) => JSON.stringify({ my: { ts, status: 200, ...one } })),
    { format: 'mapped', mapping },
  );
  const sum = (field: 'input_tokens' | 'output_tokens'): string =>
    String(records.reduce((total, one) => total + BigInt(one[field]), 0n));
  for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h']) {
    const [row] = await store.query(
      `SELECT sum(requests) AS requests, toString(sum(input_tokens)) AS input, toString(sum(output_tokens)) AS output,
         sum(latency_ms_sum) AS latency, sum(cost_usd) AS cost FROM ${table}`,
    );
    expect(row, table).toEqual({
      requests: 20_000,
      input: sum('input_tokens'),
      output: sum('output_tokens'),
      latency: 20_000 * MOST.ms,
      cost: 20_000 * MOST.usd,
    });
  }
});

it('a number beyond its bound is left out and reported by name; its record is counted, and no sum grows', async () => {
  const sums = 'SELECT toString(sum(input_tokens)) AS input, sum(cost_usd) AS cost FROM request_counts';
  const before = await store.query(sums);
  const fields = ['input_tokens', 'output_tokens', 'latency_ms', 'ttft_ms', 'cost_usd'] as const;
  const beyond = [1e9 + 1, 1e15, 1e300];
  const lines = fields.flatMap((field) =>
    beyond.map((value) => JSON.stringify({ ts: now - 60_000, status: 200, [field]: value })),
  );
  await ingest('beyond', lines);
  expect(await store.query('SELECT count() AS n FROM dead_letters')).toEqual([{ n: 0 }]);
  expect(await readDroppedFields(store, 1)).toEqual(
    fields.toSorted().map((field) => ({ field, records: beyond.length })),
  );
  expect(await store.query(sums)).toEqual(before);
});
