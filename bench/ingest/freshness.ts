import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../tests/fixtures/until.ts';
import { check } from './drain.ts';
import { lines } from './data-set.ts';
import { type ClickHouse, type Lab, startClickHouse, startWorker } from './lab.ts';
import { type Sent, sendPaced } from './paced-load.ts';
import { cpuSeconds } from './process-usage.ts';
import { fact, fine, type Finding, goal, type Line, whole } from './report.ts';
import { quantile } from './statistics.ts';

const SECONDS = 30;

/**
 * Measures the time from producing a record to its being visible in ClickHouse, at 1,000 records a second over 4
 * partitions.
 */
export async function latency(lab: Lab): Promise<Finding> {
  const run = await watched(lab, 'latency', {
    perSecond: 1_000,
    perSend: 10,
    perPartition: 10,
    partitions: 4,
  });
  const { p50, p99 } = run.latency;
  return {
    lines: [
      goal('f  1,000 records/s, produced to visible: p99', `${whole(p99)} ms`, '< 2,000 ms', p99 < 2_000),
      fact('f  p50', `${whole(p50)} ms`),
      fact('f  cores of worker / ClickHouse', `${fine(run.worker_cores)} / ${fine(run.clickhouse_cores)}`),
    ],
    figures: { latency: run },
  };
}

/**
 * Measures, with 200 partitions of one record a second each, how many inserts they need and how long records take to be
 * visible.
 */
export async function quietPartitions(lab: Lab): Promise<Finding> {
  const run = await watched(lab, 'quiet', { perSecond: 200, perSend: 20, perPartition: 1, partitions: 200 });
  const inserts = Object.entries(run.inserts_per_second).map(
    ([name, n]): Line => fact(`g  inserts/s into ${name}`, fine(n)),
  );
  return {
    lines: [
      goal(
        'g  200 partitions of 1 record/s: counted',
        `${whole(run.records)} of ${whole(run.records)}`,
        'all',
        true,
      ),
      ...inserts,
      fact('g  produced to visible: p50 / p99', `${whole(run.latency.p50)} / ${whole(run.latency.p99)} ms`),
      fact('g  cores of worker / ClickHouse', `${fine(run.worker_cores)} / ${fine(run.clickhouse_cores)}`),
    ],
    figures: { quiet: run },
  };
}

interface Watched {
  records: number;
  latency: { p50: number; p99: number; max: number };
  inserts_per_second: Record<string, number>;
  worker_cores: number;
  clickhouse_cores: number;
}

/**
 * Sends at a steady pace to a running worker and notes when the ledger covers each offset. Throws when a count is
 * wrong.
 */
async function watched(
  lab: Lab,
  topic: string,
  pace: Omit<Parameters<typeof sendPaced>[3], 'seconds'>,
): Promise<Watched> {
  await lab.kafka.createTopic(topic, { partitions: pace.partitions });
  const clickhouse = await startClickHouse(lab, topic);
  const worker = startWorker(lab, clickhouse, topic, topic);
  try {
    await until('the worker has partitions', () => worker.assignedAt() !== null);
    const traffic = lines('folding', pace.perSecond * (SECONDS + 5));
    // A warm-up before the measurement: code is compiled and caches are filled.
    const early = await sendPaced(lab.kafka.brokers, topic, traffic, { ...pace, seconds: 3 });
    await sleep(2_000);
    const before = [cpuSeconds(worker.pid), cpuSeconds(clickhouse.pid)] as const;
    const began = performance.now();
    const visible = watchEnds(clickhouse, topic);
    let sent: Sent[] = [];
    let seen: Seen = new Map();
    try {
      sent = await sendPaced(lab.kafka.brokers, topic, traffic, { ...pace, seconds: SECONDS });
      seen = await visible.until(sent);
    } finally {
      await visible.end();
    }
    const seconds = (performance.now() - began) / 1_000;
    const used = [cpuSeconds(worker.pid) - before[0], cpuSeconds(clickhouse.pid) - before[1]] as const;
    const records = count(sent);
    await check(clickhouse, topic, records + count(early));
    const late = sent.flatMap((part) =>
      Array.from(
        { length: part.to - part.from },
        (_, i) => firstSeen(seen, part.partition, part.from + i) - part.at,
      ),
    );
    return {
      records,
      latency: { p50: quantile(late, 0.5), p99: quantile(late, 0.99), max: quantile(late, 1) },
      inserts_per_second: await insertsPerSecond(clickhouse, topic, seconds),
      worker_cores: used[0] / seconds,
      clickhouse_cores: used[1] / seconds,
    };
  } finally {
    await worker.stop();
    await clickhouse.stop();
  }
}

/** For each partition, the times at which a new end was first seen, in order of time. */
type Seen = Map<number, { at: number; to: number }[]>;

function watchEnds(
  { store }: ClickHouse,
  topic: string,
): { until(sent: readonly Sent[]): Promise<Seen>; end(): Promise<void> } {
  const seen: Seen = new Map();
  let ended = false;
  let total = 0;
  const looking = (async () => {
    while (!ended) {
      const rows = await store.query<{ partition: number; to: number }>(
        'SELECT partition, max(to_offset) AS to FROM ingest_batches WHERE topic = {topic:String} GROUP BY partition',
        { topic },
      );
      const at = performance.now();
      for (const { partition, to } of rows) {
        const ends = seen.get(partition) ?? [];
        if (ends.at(-1)?.to !== to) seen.set(partition, [...ends, { at, to }]);
      }
      total = rows.reduce((sum, { to }) => sum + to, 0);
      await sleep(50);
    }
  })();
  return {
    async until(sent) {
      const ends = new Map<number, number>();
      for (const { partition, to } of sent) ends.set(partition, Math.max(to, ends.get(partition) ?? 0));
      const all = [...ends.values()].reduce((sum, to) => sum + to, 0);
      await until(`all records of ${topic} are visible`, () => total >= all, 120_000);
      return seen;
    },
    async end() {
      ended = true;
      await looking;
    },
  };
}

function firstSeen(seen: Seen, partition: number, offset: number): number {
  return seen.get(partition)?.find(({ to }) => to > offset)?.at ?? Number.NaN;
}

/** Counts inserts from the ledger: a batch is one insert into each table for which it has rows. */
async function insertsPerSecond(
  { store }: ClickHouse,
  topic: string,
  seconds: number,
): Promise<Record<string, number>> {
  const [row] = await store.query<Record<string, number>>(
    `SELECT countIf(failed > 0) AS error_events, countIf(counted > 0) AS request_counts, count() AS ingest_batches
     FROM ingest_batches WHERE topic = {topic:String} AND inserted_at > now64(3) - {seconds:Float64}`,
    { topic, seconds },
  );
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, n]) => [name, n / seconds]));
}

function count(sent: readonly Sent[]): number {
  return sent.reduce((sum, { from, to }) => sum + to - from, 0);
}
