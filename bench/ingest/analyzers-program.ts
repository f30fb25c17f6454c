import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tick, type Ticked, type TickState } from '../../analyzers/tick.ts';
import { openMigrated } from '../../cli/needs/open-migrated.ts';
import { tuneHeap } from '../../cli/tune-heap.ts';
import { settingsSchema } from '../../domain/settings.ts';
import type { Store } from '../../store/store.ts';
import { freePort } from '../../tests/kafka/free-port.ts';
import { residentMb } from './process-usage.ts';
import { quantile } from './statistics.ts';

/** The plan of a program that ticks through an incident in every organization and measures each step. */
export interface AnalyzersPlan {
  mode: 'embedded' | 'server';
  orgs: number;
  /** Combinations of dimensions with requests in each interval, per organization. */
  combinations: number;
  /** Days of counts that are stored before the 70 minutes that are judged. */
  history_days: number;
  /** Number of measured steps of 10 s. */
  steps: number;
}

/** CPU time of this process in ms, with the threads of the embedded engine, and its resident memory in MB. */
export interface AnalyzersResult {
  rows: number;
  stored_rows: number;
  incidents: number;
  p95_ms: number;
  median_ms: number;
  max_ms: number;
  /** CPU time of the step in which the incidents fire and their history is read. */
  fired_ms: number;
  /** CPU time of a tick that starts without remembered state, at the end of the measured steps. */
  first_ms: number;
  parts_ms: { queries: number; judging: number; writing: number };
  max_mb: number;
  /** Organizations, or other identities, that did not fit into `analyzers.window_mib`. */
  left_out: number;
  coarse: number;
  half_mb: number;
  end_mb: number;
}

const STEP = 10;
const CALM_STEPS = 12;
const LOOKBACK_SECONDS = 4_200;
const DAY_SECONDS = 86_400;

tuneHeap();
const plan: AnalyzersPlan = JSON.parse(process.argv[2] ?? '{}');
const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
const server = plan.mode === 'server' ? await startServer() : null;
try {
  process.stdout.write(`${JSON.stringify(await measure())}\n`);
} finally {
  server?.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);

async function measure(): Promise<AnalyzersResult> {
  const { clickhouse, analyzers } = settingsSchema.parse({
    clickhouse: { path: path.join(folder, 'data'), ...server?.settings },
  });
  const spent = { queries: 0, writing: 0 };
  const store = watched(await openMigrated(clickhouse), spent);
  const begin = Math.floor(Date.now() / 60_000) * 60 - (plan.steps + CALM_STEPS) * STEP;
  await fill(store, begin);
  const at = (n: number): number => begin + n * STEP + analyzers.settle_seconds;
  let state: TickState | null = null;
  const short = { left_out: 0, coarse: 0 };
  const steps: { cpu: number; queries: number; writing: number; fired: number; mb: number }[] = [];
  for (let n = 0; n <= CALM_STEPS + plan.steps; n++) {
    spent.queries = spent.writing = 0;
    const began = process.cpuUsage();
    const ticked: Ticked = await tick(store, at(n), analyzers, state);
    state = ticked.state;
    const fired = ticked.written.filter(({ reason }) => reason === 'fired').length;
    short.left_out = Math.max(short.left_out, ticked.left_out);
    short.coarse = Math.max(short.coarse, ticked.coarse);
    // Only the steps of the incident are measured. The very first step also evaluates the time before it, and in the
    // calm steps nothing fails.
    if (n > CALM_STEPS) steps.push({ cpu: cpuSince(began), ...spent, fired, mb: residentMb(process.pid) });
  }
  const incidents = state?.live.size ?? 0;
  if (incidents < plan.orgs)
    throw new Error(`${plan.orgs} organizations fail, ${incidents} incidents are open`);
  const began = process.cpuUsage();
  await tick(store, at(CALM_STEPS + plan.steps), analyzers);
  const first = cpuSince(began);
  const [stored] = await store.query<{ n: number }>('SELECT count() AS n FROM request_counts');
  await store.close();
  const cpu = steps.map((step) => step.cpu);
  const mean = (values: readonly number[]): number => values.reduce((sum, n) => sum + n, 0) / values.length;
  const memory = steps.map(({ mb }) => mb);
  return {
    rows: (plan.orgs * plan.combinations * LOOKBACK_SECONDS) / STEP,
    stored_rows: stored?.n ?? 0,
    incidents,
    p95_ms: quantile(cpu, 0.95),
    median_ms: quantile(cpu, 0.5),
    max_ms: Math.max(...cpu),
    fired_ms: Math.max(...steps.filter(({ fired }) => fired > 0).map((step) => step.cpu)),
    first_ms: first,
    parts_ms: {
      queries: mean(steps.map((step) => step.queries)),
      judging: mean(steps.map((step) => step.cpu - step.queries - step.writing)),
      writing: mean(steps.map((step) => step.writing)),
    },
    max_mb: Math.max(...memory),
    half_mb: memory[Math.floor(memory.length / 2)] ?? Number.NaN,
    ...short,
    end_mb: memory.at(-1) ?? Number.NaN,
  };
}

/**
 * Stores counts up to the end of the last step; a step reads only the counts before its time. After the calm steps,
 * half of the combinations of every other organization have exhausted quotas, and a tenth of the combinations of the
 * others get Slow Down. A single organization gets both.
 */
async function fill(store: Store, begin: number): Promise<void> {
  await store.command('SYSTEM STOP TTL MERGES');
  // Counts per minute and per hour are not read here, and storing them would take most of the time.
  for (const name of ['request_counts_1m_view', 'request_counts_1h_view'])
    await store.command(`DROP VIEW ${name}`);
  const incident = begin + CALM_STEPS * STEP;
  const end = incident + plan.steps * STEP;
  const days = Array.from(
    { length: plan.history_days },
    (_, i) => begin - LOOKBACK_SECONDS - (i + 1) * DAY_SECONDS,
  );
  const spans = [
    ...days.map((from) => ({ from, to: from + DAY_SECONDS })),
    { from: begin - LOOKBACK_SECONDS, to: end },
  ];
  const { orgs, combinations } = plan;
  const requests = plan.history_days === 0 ? 10 : Math.round(50_000_000 / 8_640 / combinations);
  const isQuota = `k % 2 = 0 AND (o % 2 = 0)`;
  const isSlow = `k % 10 = 1 AND (o % 2 = 1 OR ${orgs} = 1)`;
  const rows = ({ from, to }: { from: number; to: number }): string =>
    `(SELECT toDateTime(${from} + ${STEP} * intDiv(number, ${orgs * combinations}), 'UTC') AS ts,
      intDiv(number, ${combinations}) % ${orgs} AS o, number % ${combinations} AS k,
      multiIf(toUnixTimestamp(ts) < ${incident}, 'ok', ${isQuota}, 'quota_exceeded', ${isSlow}, 'slow_down', 'ok') AS class
    FROM numbers(${((to - from) / STEP) * orgs * combinations}))`;
  const names = `'openai' AS provider, concat('org-', toString(o)) AS org, concat('project-', toString(k % 5)) AS project,
    concat('sk-…', toString(k % 50)) AS api_key, concat('service-', toString(k)) AS client,
    concat('region-', toString(k % 3)) AS region, concat('model-', toString(k % 6)) AS model`;
  for (const span of spans) {
    await store.command(
      `INSERT INTO request_counts (ts, provider, org, project, api_key, client, region, model, class, requests, retries, useless_retries, input_tokens, output_tokens, cost_usd)
      SELECT ts, ${names}, class, ${requests}, if(class = 'ok', 0, 3), if(class = 'quota_exceeded', 3, 0),
        if(class = 'ok', ${requests} * 731, 0), if(class = 'ok', ${requests} * 97, 0), if(class = 'ok', ${requests} * 0.0123, 0)
      FROM ${rows(span)} SETTINGS max_partitions_per_insert_block = 0`,
    );
  }
  await store.command(
    `INSERT INTO error_events (ts, request_id, provider, org, project, api_key, client, region, model, class)
    SELECT ts, concat('req-', toString(o), '-', toString(k), '-', toString(toUnixTimestamp(ts))), ${names}, class
    FROM ${rows({ from: incident, to: end })} WHERE class != 'ok'`,
  );
}

/** The store, which also adds to `spent` the CPU time (ms) of its statements until their answers are parsed. */
function watched(store: Store, spent: { queries: number; writing: number }): Store {
  const timed = async <T>(part: 'queries' | 'writing', act: () => Promise<T>): Promise<T> => {
    const began = process.cpuUsage();
    try {
      return await act();
    } finally {
      spent[part] += cpuSince(began);
    }
  };
  return {
    ...store,
    query: (sql, params) => timed('queries', () => store.query(sql, params)),
    columns: (sql, params) => timed('queries', () => store.columns(sql, params)),
    insert: (insert) => timed('writing', () => store.insert(insert)),
  };
}

function cpuSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

/** Starts ClickHouse in another process. */
async function startServer(): Promise<{ settings: { url: string; password: string }; stop(): void }> {
  const port = await freePort();
  const launcher = path.resolve(import.meta.dirname, '../../cli/faultline');
  const child = spawn(
    launcher,
    ['clickhouse', '--port', String(port), '--data', path.join(folder, 'server')],
    {
      env: { ...process.env, FAULTLINE_CLICKHOUSE_HTTP_TOKEN: 'bench' },
      stdio: 'ignore',
    },
  );
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const answers = await fetch(`${url}/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    if (tries > 300) throw new Error('ClickHouse does not answer');
    await sleep(100);
  }
  return { settings: { url, password: 'bench' }, stop };
}
