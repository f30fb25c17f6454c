import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore } from '../../store/connect.ts';
import type { Store } from '../../store/store.ts';
import { type Running, startFaultline } from '../../tests/fixtures/run-faultline.ts';
import { until } from '../../tests/fixtures/until.ts';
import { produceLines } from '../../tests/kafka/produce.ts';
import { type Kafka, startKafka } from '../../tests/kafka/start-kafka.ts';
import { type DataSet, lines } from './data-set.ts';

/** A broker and a folder for this bench; `close` removes both. */
export interface Lab {
  kafka: Kafka;
  folder: string;
  /** Creates a topic with `records` records of a set, spread over the partitions in turn. */
  filledTopic(name: string, partitions: number, set: DataSet, records: number): Promise<string>;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const kafka = await startKafka({
    forSpeed: true,
    config: {
      // Members that start together get partitions in the first assignment.
      'group.initial.rebalance.delay.ms': '3000',
      'num.partitions': '1',
    },
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
  return {
    kafka,
    folder,
    async filledTopic(name, partitions, set, records) {
      await kafka.createTopic(name, { partitions });
      await produceLines(kafka.brokers, name, lines(set, records));
      return name;
    },
    async close() {
      await kafka.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** ClickHouse in its own process, with an empty database. */
export interface ClickHouse {
  pid: number;
  env: Record<string, string>;
  store: Store;
  stop(): Promise<void>;
}

const TOKEN = 'of-the-bench';

export async function startClickHouse(lab: Lab, name: string): Promise<ClickHouse> {
  const data = path.join(lab.folder, name);
  const running = startFaultline(['clickhouse', '--port', '0', '--data', data], {
    env: { FAULTLINE_CLICKHOUSE_HTTP_TOKEN: TOKEN },
  });
  const url = await until('ClickHouse answers', () => {
    if (running.child.exitCode !== null) throw new Error(`faultline clickhouse ended: ${running.stderr()}`);
    return /http:\/\/\S+/.exec(running.stdout())?.[0] ?? null;
  });
  const store = await openStore({
    url,
    path: '',
    database: 'faultline',
    user: 'default',
    password: TOKEN,
    cluster: '',
  });
  return {
    pid: pidOf(running),
    env: { FAULTLINE_CLICKHOUSE_URL: url, FAULTLINE_CLICKHOUSE_PASSWORD: TOKEN },
    store,
    async stop() {
      await store.close();
      running.child.kill('SIGTERM');
      await running.finished;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** `faultline ingest` in its own process. */
export interface Worker {
  pid: number;
  /** Epoch ms at which the worker last got partitions; null before the first time. */
  assignedAt(): number | null;
  stop(): Promise<void>;
}

export function startWorker(lab: Lab, clickhouse: ClickHouse, topic: string, group: string): Worker {
  const running = startFaultline(['ingest'], {
    env: {
      ...clickhouse.env,
      FAULTLINE_KAFKA_BROKERS: lab.kafka.brokers.join(','),
      FAULTLINE_KAFKA_TOPICS: topic,
      FAULTLINE_KAFKA_GROUP: group,
      FAULTLINE_METRICS_PORT: '0',
    },
  });
  return {
    pid: pidOf(running),
    assignedAt() {
      if (running.child.exitCode !== null) throw new Error(`faultline ingest ended: ${running.stderr()}`);
      const line = running
        .stderr()
        .split('\n')
        .findLast((text) => text.includes('"partitions assigned"') && !text.includes('"count":0'));
      if (line === undefined) return null;
      const entry: { time: string } = JSON.parse(line);
      return Date.parse(entry.time);
    },
    async stop() {
      running.child.kill('SIGTERM');
      await running.finished;
    },
  };
}

/**
 * How many messages of a topic the ledger covers, in how many batches, and the time of the last ledger row, epoch ms.
 */
export async function ledgerOf(
  store: Store,
  topic: string,
): Promise<{ messages: number; batches: number; last: number }> {
  const [row] = await store.query<{ messages: number; batches: number; last: number }>(
    `SELECT sum(to_offset - from_offset) AS messages, count() AS batches, toUnixTimestamp64Milli(max(inserted_at)) AS last
     FROM ingest_batches WHERE topic = {topic:String}`,
    { topic },
  );
  return row ?? { messages: 0, batches: 0, last: 0 };
}

function pidOf(running: Running): number {
  const { pid } = running.child;
  if (pid === undefined) throw new Error('faultline could not be started');
  return pid;
}
