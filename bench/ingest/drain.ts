import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../tests/fixtures/until.ts';
import { type ClickHouse, type Lab, ledgerOf, startClickHouse, startWorker } from './lab.ts';
import { cpuSeconds, type MemoryCourse, watchMemory } from './process-usage.ts';

/** What workers needed to bring the backlog of a topic into ClickHouse. */
export interface Drained {
  /** From the assignment of the partitions to the last ledger row. */
  seconds: number;
  rate: number;
  /**
   * CPU seconds in that time. `rate` is in records per second; `per_cpu_second` is in records per CPU second of workers
   * and ClickHouse together.
   */
  workers_cpu: number;
  clickhouse_cpu: number;
  broker_cpu: number;
  per_cpu_second: number;
  batches: number;
  /** Memory of the first worker. */
  memory: MemoryCourse;
}

let runs = 0;

/**
 * Lets `workers` workers of a new group read a topic of `records` records into an empty ClickHouse. Throws when a count
 * is wrong.
 */
export async function drain(lab: Lab, topic: string, records: number, workers = 1): Promise<Drained> {
  const run = `${topic}-${++runs}`;
  const clickhouse = await startClickHouse(lab, run);
  const started = Array.from({ length: workers }, () => startWorker(lab, clickhouse, topic, run));
  try {
    const assigned = await until('every worker has partitions', () => {
      const times = started.map((worker) => worker.assignedAt());
      return times.includes(null) ? null : times.map(Number);
    });
    const began = Math.max(...assigned);
    const before = usage(lab, clickhouse, started);
    const [first] = started;
    if (first === undefined) throw new Error('no worker');
    const watch = watchMemory(first.pid);
    let ledger = await ledgerOf(clickhouse.store, topic);
    while (ledger.messages < records) {
      for (const worker of started) worker.assignedAt();
      // Polls rarely at first, because polling costs ClickHouse CPU time that counts in the result.
      await sleep(ledger.messages < records * 0.8 ? 1_000 : 200);
      ledger = await ledgerOf(clickhouse.store, topic);
    }
    const after = usage(lab, clickhouse, started);
    const memory = watch.end();
    await check(clickhouse, topic, records);
    const seconds = (ledger.last - began) / 1_000;
    const spent = {
      workers_cpu: after.workers - before.workers,
      clickhouse_cpu: after.clickhouse - before.clickhouse,
      broker_cpu: after.broker - before.broker,
    };
    return {
      seconds,
      rate: records / seconds,
      ...spent,
      per_cpu_second: records / (spent.workers_cpu + spent.clickhouse_cpu),
      batches: ledger.batches,
      memory,
    };
  } finally {
    await Promise.all(started.map((worker) => worker.stop()));
    await clickhouse.stop();
  }
}

function usage(
  lab: Lab,
  clickhouse: ClickHouse,
  workers: readonly { pid: number }[],
): { workers: number; clickhouse: number; broker: number } {
  return {
    workers: workers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    clickhouse: cpuSeconds(clickhouse.pid),
    broker: cpuSeconds(lab.kafka.pid ?? -1),
  };
}

/** Throws when a count is wrong: the rate of a wrong run means nothing. */
export async function check(
  { store }: Pick<ClickHouse, 'store'>,
  topic: string,
  records: number,
): Promise<void> {
  const [row] = await store.query<{ ledger: number; counted: number; rollup: number }>(
    `SELECT (SELECT sum(counted) FROM ingest_batches WHERE topic = {topic:String}) AS ledger,
       (SELECT sum(requests) FROM request_counts) AS counted, (SELECT sum(requests) FROM request_counts_1m) AS rollup`,
    { topic },
  );
  if (row?.ledger !== records || row.counted !== records || row.rollup !== records)
    throw new Error(`${topic}: ${records} records produced, but counted were ${JSON.stringify(row)}`);
}
