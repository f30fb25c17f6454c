import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import type { Proof } from '../ingest/reconcile-report.ts';
import { openStore } from '../store/connect.ts';
import { newestAnnouncement } from './fixtures/newest-announcement.ts';
import { runFaultline, runJson, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';

let folder: string;
let file: string;
const env = { FAULTLINE_NAMES_MOST: '50', FAULTLINE_BATCH_ROWS: '2000' };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-names-'));
  file = path.join(folder, 'app.log');
  // Requests of 3,000 clients on two days. Some clients send far more requests than others.
  const lines = Array.from({ length: 40_000 }, (_, i) => {
    const client = `client-${Math.floor(3_000 * ((i * 0.618_034) % 1) ** 3)}`;
    const ts = Date.now() - 90_000_000 + i * 2_000;
    return JSON.stringify({ ts, client, status: i % 10 === 0 ? 500 : 200, request_id: `r${i}`, model: 'm' });
  });
  await writeFile(file, `${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const args = (data: string): string[] => [
  'start',
  '--source',
  file,
  '--no-open-console',
  '--exit',
  '--data',
  data,
];

/** Requests by client and day of each table. */
async function counts(data: string): Promise<unknown[][]> {
  const store = await openStore(settingsSchema.parse({ clickhouse: { path: data } }).clickhouse);
  try {
    const tables = ['request_counts', 'request_counts_1m', 'request_counts_1h'];
    return await Promise.all(
      tables.map((table) =>
        store.query(
          `SELECT toDate(ts) AS day, client, toFloat64(sum(requests)) AS requests FROM ${table} GROUP BY day, client ORDER BY day, client`,
        ),
      ),
    );
  } finally {
    await store.close();
  }
}

it('an import that is killed again and again counts the same names as (other) as one without kills', async () => {
  const whole = path.join(folder, 'whole');
  const done = await runFaultline(args(whole), { env });
  expect(done.stderr).toMatch(
    /counted together because of too many values: [\d,]+ as client \(other\) \(names\.most\)/,
  );
  const killed = path.join(folder, 'killed');
  const announced = path.join(killed, 'imports');
  for (let kill = 0; kill < 3; kill++) {
    const running = startFaultline(args(killed), { env });
    const before = await newestAnnouncement(announced);
    await until(
      'a batch is announced',
      async () => (await newestAnnouncement(announced)) > before || running.child.exitCode !== null,
    );
    running.child.kill('SIGKILL');
    await running.finished;
  }
  expect((await runFaultline(args(killed), { env })).code).toBe(0);

  const proof = await runJson<Proof>(['reconcile', '--json', '--data', killed]);
  expect(proof.differences).toEqual([]);
  const expected = await counts(whole);
  expect(await counts(killed)).toEqual(expected);
  const byDay = Map.groupBy(expected[0] as { day: string; client: string }[], ({ day }) => day);
  for (const [day, rows] of byDay) expect(rows.length, day).toBe(51);
  // Every rollup has the same counts.
  expect(expected[1]).toEqual(expected[0]);
  expect(expected[2]).toEqual(expected[0]);

  const doctor = await runFaultline(['doctor', '--data', killed], { env });
  expect(doctor.stdout).toMatch(
    /over 50 values: in the last day requests were counted under \(other\), [\d,]+ by client; raise names\.most/,
  );
});
