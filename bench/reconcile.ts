import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import { cpuSeconds, watchMemory, watchPrivateMemory } from './ingest/process-usage.ts';

// Measures time and memory of `faultline reconcile` over a long ledger, in a process of its own with the embedded
// engine. A run over an empty ledger shows what program and engine need in any case. Half of the rows lack sums by day,
// as an earlier version wrote them.

const { values } = parseArgs({ options: { rows: { type: 'string', default: '2000000' } } });
const ROWS = Number(values.rows);
const PARTITIONS = 10;
const RECORDS = 100;
const DAYS = 80;

const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
process.once('exit', () => void rm(folder, { recursive: true, force: true }));
try {
  const empty = await measure(await fill('empty', 0));
  const full = await measure(await fill('full', ROWS));
  const words = ({ seconds, cpu, max_mb, private_mb }: typeof full): string =>
    `${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of CPU), at most ${private_mb.toFixed(0)} MB of its own, ${max_mb.toFixed(0)} MB with the engine's library`;
  console.log(
    `empty ledger: ${words(empty)}\n` +
      `${ROWS} batches of ${PARTITIONS} partitions over ${DAYS} days: ${words(full)} (targets for 2 million: 10 s, 300 MB)`,
  );
  console.log(JSON.stringify({ rows: ROWS, empty, full }));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Makes a data directory with `rows` batches and the counts that belong to them. */
async function fill(name: string, rows: number): Promise<string> {
  const data = path.join(folder, name);
  const store = await openEmbedded(data);
  await migrate(store);
  const block = 250_000;
  for (let first = 0; first < rows; first += block) {
    const n = Math.min(block, rows - first);
    const time = `now64(3) - toIntervalSecond(intDiv((${rows} - ${first} - number) * ${DAYS * 86_400}, ${rows}))`;
    const place = `intDiv(${first} + number, ${PARTITIONS})`;
    const byDay = first < rows / 2 ? '0' : '1';
    await store.command(
      `INSERT INTO ingest_batches (topic, partition, kind, from_offset, to_offset, counted, first_ts, last_ts, days, day_counted, day_failed, by_day, worker, inserted_at)
       SELECT 'file:load.ndjson#00000000', number % ${PARTITIONS}, 'batch', ${place} * ${RECORDS}, (${place} + 1) * ${RECORDS}, ${RECORDS},
         ${time} AS t, t, if(${byDay} = 1, [toDate(t)], []), if(${byDay} = 1, [${RECORDS}], []), if(${byDay} = 1, [0], []), ${byDay}, 'host-1234-abcdef', t
       FROM numbers(${n})`,
    );
  }
  if (rows > 0) {
    await store.command(
      `INSERT INTO request_counts (ts, provider, class, requests)
       SELECT toDateTime(first_ts), 'openai', 'ok', sum(counted) FROM ingest_batches GROUP BY toDateTime(first_ts) SETTINGS max_partitions_per_insert_block = 0`,
    );
  }
  await store.close();
  return data;
}

async function measure(
  data: string,
): Promise<{ seconds: number; cpu: number; max_mb: number; private_mb: number }> {
  const began = performance.now();
  const child = spawn(path.resolve(import.meta.dirname, '../cli/faultline'), ['reconcile', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [memory, own] = [watchMemory(child.pid ?? 0), watchPrivateMemory(child.pid ?? 0)];
  let cpu = 0;
  const timer = setInterval(() => {
    cpu = Math.max(cpu, cpuSeconds(child.pid ?? 0) || 0);
  }, 50);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  const { max_mb } = memory.end();
  const private_mb = own.end();
  if (code !== 0) throw new Error(`reconcile ended with ${String(code)}: ${out}`);
  return { seconds: (performance.now() - began) / 1_000, cpu, max_mb, private_mb };
}
