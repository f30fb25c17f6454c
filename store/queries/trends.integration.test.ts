import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded } from '../../tests/fixtures/embedded-store.ts';
import type { Store } from '../store.ts';
import { migrate } from '../migrate.ts';
import { readCountedRange, readDimensionValues, readTrends } from './trends.ts';
import { planTrends, type TrendRequest } from './trends-plan.ts';

const HOUR = 3_600;
// A whole hour, so that every table can answer; recent, so that no TTL deletes the rows.
const now = Math.floor(Date.now() / 1_000 / HOUR) * HOUR;

interface Count {
  ts: number;
  model: string;
  client: string;
  class: string;
  status: number;
  requests: number;
}

const classes = ['ok', 'ok', 'ok', 'slow_down', 'rate_limit', 'quota_exceeded'] as const;
const counts: readonly Count[] = Array.from({ length: 2_000 }, (_, i) => ({
  ts: now - 6 * HOUR + ((i * 10) % (6 * HOUR)),
  model: `model-${i % 3}`,
  client: i % 7 === 0 ? "o'brien\t\\" : 'checkout',
  class: classes[(i * 7) % classes.length] ?? 'ok',
  status: i % 2 === 0 ? 429 : 503,
  requests: 1 + (i % 5),
}));

let store: Store;
let folder: string;

const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t');

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-trends-'));
  store = await openEmbedded(folder);
  await migrate(store);
  const columns = ['ts', 'model', 'client', 'class', 'status', 'requests'] as const;
  const lines = counts.map((row) => columns.map((name) => escape(String(row[name]))).join('\t'));
  await store.insert({
    table: 'request_counts',
    columns,
    body: Buffer.from(`${lines.join('\n')}\n`),
    token: 'counts',
  });
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const request = (part: Partial<TrendRequest>): TrendRequest => ({
  by: ['class'],
  since: now - 3 * HOUR,
  until: now,
  now,
  step: null,
  where: [],
  ...part,
});

const sumOf = (rows: readonly Count[]) => rows.reduce((sum, row) => sum + row.requests, 0);
const current = counts.filter((row) => row.ts >= now - 3 * HOUR);
const before = counts.filter((row) => row.ts < now - 3 * HOUR);
const all = { errorsOnly: false, limit: 100 };

describe('trends', () => {
  for (const [table, step] of [
    ['request_counts_1h', HOUR],
    ['request_counts_1m', 300],
    ['request_counts', 10],
  ] as const) {
    it(`read from ${table} agree with the counts`, async () => {
      const plan = planTrends(request({ step, by: ['class', 'model'] }));
      expect(plan.table).toBe(table);
      const { series, left_off } = await readTrends(store, plan, all);
      expect(left_off).toBe(0);
      expect(series).toHaveLength(
        new Set(counts.filter((row) => row.class !== 'ok').map((row) => `${row.class} ${row.model}`)).size,
      );
      for (const one of series) {
        const same = (row: Count) => row.class === one.group.class && row.model === one.group.model;
        const ofModel = sumOf(current.filter((row) => row.model === one.group.model));
        expect(one).toMatchObject({
          requests: ofModel,
          errors: sumOf(current.filter(same)),
          previous_errors: sumOf(before.filter(same)),
          share: sumOf(current.filter(same)) / ofModel,
        });
        expect(one.points).toHaveLength((3 * HOUR) / step);
        for (const point of one.points) {
          const inStep = current.filter((row) => row.ts >= point.ts && row.ts < point.ts + step);
          expect(point.errors).toBe(sumOf(inStep.filter(same)));
          expect(point.requests).toBe(sumOf(inStep.filter((row) => row.model === one.group.model)));
        }
      }
    });
  }

  it('compare with nothing when nothing was counted before', async () => {
    const { series } = await readTrends(store, planTrends(request({ since: now - 6 * HOUR })), all);
    expect(series.map(({ previous_errors, change }) => ({ previous_errors, change }))).toEqual(
      series.map(() => ({ previous_errors: null, change: null })),
    );
    expect(series).toHaveLength(3);
  });

  it('keep groups without an error unless only errors are asked for', async () => {
    const healthy = request({
      by: ['model'],
      where: [{ dimension: 'class', values: ['conflict'], negate: false }],
    });
    expect((await readTrends(store, planTrends(request({ by: ['model'] })), all)).series).toHaveLength(3);
    expect((await readTrends(store, planTrends(healthy), { ...all, errorsOnly: true })).series).toEqual([]);
  });

  it('take the share over all requests of the scope, whatever class is filtered', async () => {
    const where = [{ dimension: 'class', values: ['slow_down', 'rate_limit'], negate: false }];
    const { series } = await readTrends(store, planTrends(request({ by: [], where })), all);
    const errors = sumOf(current.filter((row) => row.class === 'slow_down' || row.class === 'rate_limit'));
    expect(series).toHaveLength(1);
    expect(series[0]).toMatchObject({ group: {}, requests: sumOf(current), errors });
  });

  it('filter by values with quotes, tabs and backslashes, and by numbers', async () => {
    const where = [
      { dimension: 'client', values: ["o'brien\t\\", "x') OR 1=1 --"], negate: false },
      { dimension: 'status', values: ['503'], negate: true },
    ];
    const { series } = await readTrends(store, planTrends(request({ by: ['client', 'status'], where })), all);
    const rows = current.filter(
      (row) => row.client !== 'checkout' && row.status !== 503 && row.class !== 'ok',
    );
    expect(series.map(({ group, errors }) => ({ group, errors }))).toEqual([
      { group: { client: "o'brien\t\\", status: '429' }, errors: sumOf(rows) },
    ]);
  });

  it('say how many groups a limit leaves out, and keep the worst', async () => {
    const plan = planTrends(request({ by: ['class', 'model'] }));
    const full = await readTrends(store, plan, all);
    const cut = await readTrends(store, plan, { ...all, limit: 2 });
    expect(cut.series).toEqual(full.series.slice(0, 2));
    expect(cut.left_off).toBe(full.series.length - 2);
  });

  it('are empty outside the counted range, which can be read', async () => {
    const plan = planTrends(request({ since: now - 20 * HOUR, until: now - 10 * HOUR }));
    expect(await readTrends(store, plan, all)).toEqual({ series: [], left_off: 0 });
    expect(await readCountedRange(store)).toEqual({
      oldest: now - 6 * HOUR,
      newest: Math.floor((counts.at(-1)?.ts ?? 0) / 60) * 60,
    });
  });

  it('list the values of a dimension, the most frequent first', async () => {
    expect(await readDimensionValues(store, planTrends(request({})), 'client', 5)).toEqual([
      'checkout',
      "o'brien\t\\",
    ]);
  });
});
