import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { explain } from '../analyzers/explain.ts';
import { timelineOf } from '../analyzers/timeline.ts';
import { createConsole } from '../dashboards/console/server.ts';
import { completeUntil, expand, type PanelQuestion } from '../dashboards/expand.ts';
import { dashboards } from '../dashboards/panels/list.ts';
import type { Panel } from '../dashboards/panel.ts';
import { defaultRetention, toRetention } from '../domain/retention.ts';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/store.ts';

// Measures how long every panel takes over 90 days on the embedded engine, and how long ten people who open the
// overview at the same time wait for their last panel: in Grafana, where each person has their own queries, and in the
// console, which asks once for equal questions. In a last run each of the ten has a different range.
//   node bench/panels.ts [DIMENSION SETS] [DAYS]
// Besides elapsed time it prints CPU time, which other programs on the machine hardly change. The engine makes the rows:
// each set has successes every minute and one class of failure every fourth minute.

const sets = Number(process.argv[2] ?? 50);
const days = Number(process.argv[3] ?? 90);
/** Half a page at 1600 px: the number of points that Grafana asks for. */
const POINTS = 700;

const now = Math.floor(Date.now() / 60_000) * 60;
const directory = await mkdtemp(path.join(tmpdir(), 'faultline-panels-'));
const store = await openEmbedded(directory);
try {
  await migrate(store);
  const rows = await fill(store);
  console.log(`${sets} dimension sets, ${days} days, ${rows} rows by minute`);
  const question = questionOf(days * 86_400);
  const panels = dashboards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
  const times: [slug: string, ms: number, cpu: number][] = [];
  for (const panel of panels) {
    await ask(panel, question);
    const before = process.cpuUsage();
    const ms = await ask(panel, question);
    times.push([panel.slug, ms, cpuSince(before)]);
  }
  times.sort((a, b) => b[2] - a[2]);
  for (const [slug, ms, cpu] of times.slice(0, 12))
    console.log(
      `${slug.padEnd(32)} ${ms.toFixed(0).padStart(6)} ms, processors ${cpu.toFixed(0).padStart(5)} ms`,
    );
  const all = times.map(([, ms]) => ms).sort((a, b) => a - b);
  console.log(`${all.length} panels, median ${all[Math.floor(all.length / 2)]?.toFixed(0)} ms`);
  const overview = dashboards[0]?.rows.flatMap(({ panels }) => panels) ?? [];
  for (const [name, seconds] of [
    ['6 hours', 6 * 3_600],
    [`${days} days`, days * 86_400],
  ] as const) {
    const started = performance.now();
    const viewer = questionOf(seconds);
    const before = process.cpuUsage();
    await Promise.all(
      Array.from({ length: 10 }, () => Promise.all(overview.map((panel) => ask(panel, viewer)))),
    );
    console.log(
      `ten viewers of ${overview.length} panels over ${name}, Grafana: ${(performance.now() - started).toFixed(0)} ms, processors ${cpuSince(before).toFixed(0)} ms`,
    );
    await askConsole(name, seconds);
  }
} finally {
  await store.close();
  await rm(directory, { recursive: true, force: true });
}

/** Lets ten people ask the console for the same range, then for ten different ranges. */
async function askConsole(name: string, seconds: number): Promise<void> {
  const app = await createConsole({
    store,
    host: '127.0.0.1',
    port: 7070,
    token: '',
    now: () => Date.now(),
    dashboards,
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
  });
  const slugs = dashboards[0]?.rows.flatMap(({ panels }) => panels.map(({ slug }) => slug)) ?? [];
  const ask = async (slug: string, later: number): Promise<void> => {
    const query = `from=${now - seconds + later}&to=${now}&step=${questionOf(seconds).step}`;
    const url = `/api/v1/panels/${slug}?${query}`;
    const { statusCode, body } = await app.inject({ url, headers: { host: '127.0.0.1:7070' } });
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${body}`);
  };
  for (const [who, apart] of [
    ['the same', 0],
    ['each a range of their own', questionOf(seconds).step],
  ] as const) {
    const started = performance.now();
    const before = process.cpuUsage();
    // Asks four panels at a time, as the page does.
    const view = async (viewer: number): Promise<void> => {
      const rest = slugs.values();
      const next = async (): Promise<void> => {
        for (const slug of rest) await ask(slug, viewer * apart);
      };
      await Promise.all([next(), next(), next(), next()]);
    };
    await Promise.all(Array.from({ length: 10 }, (_, viewer) => view(viewer)));
    console.log(
      `ten viewers of ${slugs.length} panels over ${name}, console, ${who}: ${(performance.now() - started).toFixed(0)} ms, processors ${cpuSince(before).toFixed(0)} ms`,
    );
  }
  await app.close();
}

/** CPU time of all threads since `before`, ms. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function questionOf(seconds: number): PanelQuestion {
  const steps = [60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
  const step = steps.find((one) => one >= seconds / POINTS) ?? 86_400;
  return {
    from: now - seconds,
    to: now,
    step,
    filters: {},
    complete: completeUntil(now, now - 60, now),
    incident: 'x',
  };
}

async function ask(panel: Panel, question: PanelQuestion): Promise<number> {
  const { sql, params } = expand(panel.sql, question);
  const started = performance.now();
  await store.query(sql, params);
  return performance.now() - started;
}

/** Fills the tables per minute and per hour with the rows that their views would make. */
async function fill(into: Store): Promise<number> {
  const columns = `ts, provider, org, project, api_key, client, region, model, class, subclass, requests, retries,
    useless_retries, input_tokens, output_tokens, cost_usd, latency_ms_sum, latency_buckets`;
  for (let day = 0; day < days; day++) {
    const start = now - (day + 1) * 86_400;
    await into.command(`INSERT INTO request_counts_1m (${columns})
      SELECT toDateTime(${start} + minute * 60, 'UTC'), if(set % 3 = 0, 'azure', 'openai'), concat('org-', toString(set % 10)),
        concat('project-', toString(set % 40)), concat('sk-…', toString(set % 200)), concat('client-', toString(set % 50)),
        concat('region-', toString(set % 4)), concat('model-', toString(set % 8)),
        ['ok', ['rate_limit', 'server_error', 'incorrect_api_key', 'quota_exceeded', 'slow_down', 'timeout'][1 + (set + minute) % 6]][kind],
        '', if(kind = 1, 40, 2), 1, 0, 40000, 9000, 0.1, 30000, CAST(([400, 800, 1600, 3200], [10, 20, 8, 2]), 'Map(UInt32, UInt64)')
      FROM (SELECT intDiv(number, ${sets}) AS minute, number % ${sets} AS set FROM numbers(${1_440 * sets})) AS n
      ARRAY JOIN if(n.minute % 4 = 0, [1, 2], [1]) AS kind`);
  }
  await into.command(`INSERT INTO request_counts_1h (ts, provider, org, project, client, model, class, subclass, requests,
      retries, useless_retries, input_tokens, output_tokens, cost_usd, latency_ms_sum, latency_buckets)
    SELECT toStartOfHour(ts) AS ts, provider, org, project, client, model, class, subclass, sum(requests), sum(retries),
      sum(useless_retries), sum(input_tokens), sum(output_tokens), sum(cost_usd), sum(latency_ms_sum), sumMap(latency_buckets)
    FROM request_counts_1m GROUP BY ts, provider, org, project, client, model, class, subclass`);
  const [count] = await into.query<{ n: number }>('SELECT count() AS n FROM request_counts_1m');
  return count?.n ?? 0;
}
