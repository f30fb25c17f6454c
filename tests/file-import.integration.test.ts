import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Proof } from '../ingest/reconcile-report.ts';
import { generate } from '../simulate/generate.ts';
import { toLine } from '../simulate/record.ts';
import { load } from '../simulate/scenarios/load.ts';
import { runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { seededChance } from './fixtures/seed.ts';
import { until } from './fixtures/until.ts';
import { freePort } from './kafka/free-port.ts';

const RECORDS = 60_000;
let folder: string;
let file: string;
let failed = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-import-'));
  file = path.join(folder, 'log.ndjson');
  const lines: string[] = [];
  const from = Date.now() - 600_000;
  for (const record of generate(load, { seed: 7, from, to: Number.POSITIVE_INFINITY })) {
    lines.push(toLine(record));
    if (record.label !== 'ok') failed++;
    if (lines.length === RECORDS) break;
  }
  await writeFile(file, `${lines.join('\n')}\nno record\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a file that is read once', () => {
  const command = (data: string) => [
    'start',
    '--source',
    file,
    '--exit',
    '--no-open-console',
    '--data',
    data,
  ];
  const env = { FAULTLINE_BATCH_ROWS: '2000' };
  const prove = async (data: string): Promise<Proof> => {
    const { code, stdout, stderr } = await runFaultline(['reconcile', '--json', '--data', data]);
    expect([code, stderr], stdout).toEqual([0, '']);
    return JSON.parse(stdout) as Proof;
  };

  it('is reported at the end, and not counted a second time', async () => {
    const data = path.join(folder, 'once');
    const first = await runFaultline(command(data), { env });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain(
      `counted 60,001 records: ${failed.toLocaleString('en')} failed (rate_limit `,
    );
    expect(first.stderr).toMatch(/, 1 undecodable \(faultline dead-letters list\); \d+ open incidents?$/m);
    const second = await runFaultline(command(data), { env });
    expect(second.stderr).toContain('counted 0 records: 0 failed; ');
    expect(await prove(data)).toMatchObject({ partitions: [{ counted: RECORDS, failed, dead: 1 }] });
  });

  it('is counted exactly although the import is killed again and again', async () => {
    const data = path.join(folder, 'killed');
    const chance = seededChance('import of a file');
    const port = await freePort();
    let stored = 0;
    // The file makes 31 batches. Before each kill at least `least` of them are stored, and the last ones are left for
    // the end.
    for (const least of [1, 6, 12, 18]) {
      const enough = Math.max(stored, least) + chance.below(5);
      const program = startFaultline([...command(data), '--clickhouse-http', String(port)], { env });
      await until(`${enough} batches; it said ${program.stderr()}`, async () => {
        stored = Math.max(stored, await batchesIn(port));
        return stored >= enough || program.child.exitCode !== null;
      });
      expect(program.child.exitCode, program.stderr()).toBeNull();
      program.child.kill('SIGKILL');
      await program.finished;
    }
    const last = await runFaultline(command(data), { env });
    expect(last.code, last.stderr).toBe(0);
    expect(await prove(data)).toMatchObject({ partitions: [{ counted: RECORDS, failed, dead: 1 }] });
  });
});

/** Number of batches in the ledger, asked over HTTP; 0 while the program does not answer yet. */
async function batchesIn(port: number): Promise<number> {
  try {
    const query = encodeURIComponent('SELECT count() FROM ingest_batches');
    return Number(await (await fetch(`http://127.0.0.1:${port}/?query=${query}`)).text()) || 0;
  } catch {
    return 0;
  }
}
