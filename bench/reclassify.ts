import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { TAXONOMY_VERSION } from '../domain/classification.ts';
import { judgeStored } from '../ingest/reclassify/judge-again.ts';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/store.ts';
import { storedErrorOf } from '../tests/fixtures/stored-error.ts';
import { cpuSeconds, watchMemory, watchPrivateMemory } from './ingest/process-usage.ts';

// Measures time and memory of `faultline reclassify` after a year: counts per hour of 400 days, per minute of 90, per 10 s of 7,
// errors of 30 days. One error in `--wrong` is stored as earlier rules would have judged it. The tables are filled by the
// engine; the program runs in its own process with the embedded engine, and `reconcile` checks what it leaves.

const { values } = parseArgs({
  options: {
    combinations: { type: 'string', default: '1000' },
    // Requests of each combination in an hour.
    requests: { type: 'string', default: '6' },
    // Errors of all combinations in a day.
    errors: { type: 'string', default: '20000' },
    wrong: { type: 'string', default: '10' },
    // Characters of an error text.
    text: { type: 'string', default: '400' },
  },
});
const COMBINATIONS = Number(values.combinations);
const REQUESTS = Number(values.requests);
const ERRORS = Number(values.errors);
const WRONG = Number(values.wrong);
const [HOURS, MINUTES, FINE, EVENTS] = [400, 90, 7, 30];
const DAY = 86_400;
const today = Math.floor(Date.now() / 1000 / DAY) * DAY;
const TOPIC = 'file:load.ndjson#00000000';
const wide = 'SETTINGS max_partitions_per_insert_block = 0';

const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
process.once('exit', () => void rm(folder, { recursive: true, force: true }));
try {
  const data = path.join(folder, 'data');
  const store = await openEmbedded(data);
  await migrate(store);
  await fill(store);
  const rows = await store.query(
    `SELECT table, sum(rows) AS rows, round(sum(bytes_on_disk) / 1e6) AS mb FROM system.parts
     WHERE active AND database = 'faultline' AND (table LIKE 'request%' OR table = 'error_events') GROUP BY table ORDER BY table`,
  );
  console.log(JSON.stringify(rows));
  await store.close();
  console.log(`filled in ${(performance.now() / 1000).toFixed(0)} s`);
  const plan = await measure(['reclassify', '--json', '--dry-run', '--data', data]);
  const done = await measure(['reclassify', '--json', '--data', data]);
  const again = await measure(['reclassify', '--json', '--data', data]);
  const judged = ERRORS * EVENTS;
  const { changed, judged: seen, uncounted } = JSON.parse(done.out) as Record<string, number>;
  if (seen !== judged || changed !== judged / WRONG || uncounted !== 0)
    throw new Error(`judged ${seen}, changed ${changed}, uncounted ${uncounted}`);
  if ((JSON.parse(again.out) as { changed: number }).changed !== 0)
    throw new Error('a second run changes more');
  await measure(['reconcile', '--json', '--data', data]);
  const words = ({ seconds, cpu, max_mb, private_mb }: typeof done): string =>
    `${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of CPU), at most ${private_mb.toFixed(0)} MB of its own, ${max_mb.toFixed(0)} MB with the engine's library`;
  console.log(
    `${judged} errors, ${judged / WRONG} of them wrong, ${COMBINATIONS} combinations\n` +
      `--dry-run: ${words(plan)}\nthe run:   ${words(done)}\na second:  ${words(again)}`,
  );
  const figures = [plan, done, again].map(({ seconds, cpu, max_mb, private_mb }) => ({
    seconds,
    cpu,
    max_mb,
    private_mb,
  }));
  console.log(JSON.stringify({ ...values, figures }));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function fill(store: Store): Promise<void> {
  const dims = (n: string): string =>
    `'openai' AS provider, concat('org-', toString(${n} % 20)) AS org, concat('client-', toString(${n} % ${COMBINATIONS})) AS client, 'gpt-4.1' AS model`;
  await store.command(
    `INSERT INTO request_counts_1h (ts, provider, org, client, model, class, requests, latency_ms_sum, latency_buckets)
     SELECT toDateTime(${today - (HOURS - 1) * DAY} + intDiv(number, ${COMBINATIONS}) * 3600) AS ts, ${dims('number')}, 'ok', ${REQUESTS}, 300., map(500, toUInt64(1))
     FROM numbers(${(HOURS - MINUTES) * 24 * COMBINATIONS}) ${wide}`,
  );
  for (let day = MINUTES - 1; day >= 0; day--) {
    const start = today - day * DAY;
    await store.command(
      `INSERT INTO request_counts (ts, provider, org, client, model, class, requests, latency_ms_sum, latency_buckets)
       SELECT toDateTime(${start} + intDiv(number, ${COMBINATIONS}) * ${3_600 / REQUESTS}) AS ts, ${dims('number')}, 'ok', 1, 300., map(500, toUInt64(1))
       FROM numbers(${COMBINATIONS * 24 * REQUESTS}) ${wide}`,
    );
    if (day < EVENTS) await fillErrors(store, start, day, dims);
  }
  const day = `toDate(toDateTime(${today})) - (${HOURS - 1} - number)`;
  const failed = `if(number >= ${HOURS - EVENTS}, ${ERRORS}, 0)`;
  await store.command(
    `INSERT INTO ingest_batches (topic, partition, kind, from_offset, to_offset, counted, failed, holes, first_ts, last_ts, days, day_counted, day_failed, by_day, inserted_at)
     SELECT '${TOPIC}', 0, 'batch', number * 10000000, (number + 1) * 10000000, ${COMBINATIONS * 24 * REQUESTS} + ${failed} AS counted, ${failed}, 10000000 - counted,
       ${day}, ${day}, [${day}], [counted], [${failed}], 1, toDateTime(${day}) + 3600 FROM numbers(${HOURS})`,
  );
  for (let day = MINUTES - 1; day >= FINE; day--) {
    const partition = new Date((today - day * DAY) * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    await store.command(`ALTER TABLE request_counts DROP PARTITION ID '${partition}'`);
  }
}

/** Stores the errors of one day: timeouts, of which one in `WRONG` has the class `other`. */
async function fillErrors(
  store: Store,
  start: number,
  day: number,
  dims: (n: string) => string,
): Promise<void> {
  const body = 'Request timed out.'.padEnd(Number(values.text), ' The upstream did not answer.');
  const now = judgeStored(storedErrorOf({ provider: 'openai', status: 408, body }));
  const isWrong = `number % ${WRONG} = 0`;
  const at = `toDateTime64(${start} + number * ${DAY / ERRORS}, 3)`;
  await store.command(
    `INSERT INTO request_counts (ts, provider, org, client, model, class, subclass, status, requests, latency_ms_sum, latency_buckets)
     SELECT toStartOfInterval(toDateTime(${at}), INTERVAL 10 SECOND) AS ts, provider, org, client, model, class, subclass, 408, count(), count() * 9000., map(10000, count())
     FROM (SELECT number, ${dims('number')}, if(${isWrong}, 'other', '${now.class}') AS class, if(${isWrong}, '', '${now.subclass}') AS subclass FROM numbers(${ERRORS}))
     GROUP BY ts, provider, org, client, model, class, subclass ${wide}`,
  );
  await store.command(
    `INSERT INTO error_events (ts, request_id, provider, org, client, model, status, class, subclass, rule, generation, retry, fault, wait_seconds, message, body, latency_ms, taxonomy_version, topic, partition, offset)
     SELECT ${at}, toString(generateUUIDv4(number)), ${dims('number')}, 408, if(${isWrong}, 'other', '${now.class}'), if(${isWrong}, '', '${now.subclass}'), if(${isWrong}, 'none', '${now.rule}'),
       if(${isWrong}, '', '${now.generation}'), if(${isWrong}, 'yes', '${now.retry}'), if(${isWrong}, 'unknown', '${now.fault}'), if(${isWrong}, NULL, ${now.wait_seconds ?? 'NULL'}), '', '${body}', 9000., if(${isWrong}, 1, ${TAXONOMY_VERSION}), '${TOPIC}', 0, ${(HOURS - 1 - day) * 10_000_000} + number
     FROM numbers(${ERRORS}) ${wide}`,
  );
}

async function measure(
  args: string[],
): Promise<{ seconds: number; cpu: number; max_mb: number; private_mb: number; out: string }> {
  const began = performance.now();
  const child = spawn(path.resolve(import.meta.dirname, '../cli/faultline'), args, {
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
  if (code !== 0) throw new Error(`${args[0]} ended with ${String(code)}: ${out.slice(-2_000)}`);
  return { seconds: (performance.now() - began) / 1_000, cpu, max_mb, private_mb, out };
}
