import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { readIncidents } from '../store/queries/incidents.ts';
import { type ReportedPartition, readIngestState } from '../store/queries/ingest-state.ts';
import { readWatermark } from '../store/queries/watermark.ts';
import { type ClickHouseProcess, startClickHouse } from './fixtures/clickhouse-process.ts';
import { type Running, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { produceLines } from './kafka/produce.ts';

const DEADLINE_MS = 120_000;
const TEST_MS = 300_000;

await describeWithKafka('two partitions of a topic', (kafka) => {
  let clickhouse: ClickHouseProcess;
  let store: Store;
  let topic: string;
  let env: Record<string, string>;
  const running: Running[] = [];

  beforeAll(async () => {
    clickhouse = await startClickHouse();
    topic = await kafka.createTopic({ partitions: 2 });
    const database = `test_${randomUUID().replaceAll('-', '')}`;
    store = await openStore({
      url: clickhouse.url,
      database,
      user: 'test',
      password: clickhouse.token,
      path: '',
      cluster: '',
    });
    env = {
      FAULTLINE_KAFKA_BROKERS: kafka.brokers.join(','),
      FAULTLINE_KAFKA_TOPICS: topic,
      FAULTLINE_KAFKA_GROUP: `group-${topic}`,
      FAULTLINE_KAFKA_SESSION_TIMEOUT_MS: '6000',
      FAULTLINE_CLICKHOUSE_URL: clickhouse.url,
      FAULTLINE_CLICKHOUSE_DATABASE: database,
      FAULTLINE_CLICKHOUSE_USER: 'test',
      FAULTLINE_CLICKHOUSE_PASSWORD: clickhouse.token,
      FAULTLINE_METRICS_PORT: '0',
      FAULTLINE_ANALYZERS_PIPELINE_STAND_SECONDS: '30',
      FAULTLINE_ANALYZERS_PIPELINE_CLEAR_SECONDS: '10',
    };
  });

  afterAll(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ finished }) => finished));
    await store.close();
    await clickhouse.stop();
    await kafka.deleteTopic(topic);
  });

  const start = (command: string): Running => {
    const begun = startFaultline([command], { env });
    running.push(begun);
    return begun;
  };
  const produce = (partition: number): Promise<number> =>
    produceLines(kafka.brokers, topic, [JSON.stringify({ ts: new Date().toISOString(), status: 200 })], {
      partition: () => partition,
    });
  const states = async (): Promise<readonly ReportedPartition[]> => (await readIngestState(store)).partitions;
  const words = (): string => running.map((one) => one.stderr().split('\n').slice(-8).join('\n')).join('\n');
  const eventually = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    await until(what, holds, DEADLINE_MS).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words()}`);
    });
  };
  const incidents = async (): Promise<string[]> =>
    (await readIncidents(store, { kinds: ['pipeline'] })).map(
      ({ incident }) => `${incident.state} ${String(incident.evidence['causes'])}`,
    );

  it(
    'a partition whose rows are refused holds detection and is an incident until it moves; the other goes on',
    async () => {
      start('ingest');
      await produce(0);
      await eventually('the worker says that it has both partitions and that nothing waits', async () => {
        const said = await states().catch(() => []);
        return said.length === 2 && said.every(({ behind, next_offset: next }) => behind === 0 && next >= 0);
      });
      start('analyze');
      await store.command('ALTER TABLE ingest_batches ADD CONSTRAINT test_halts CHECK partition != 1');
      await produce(1);
      await produce(0);
      await eventually('the incident fires', async () => (await incidents()).includes('firing refused_rows'));
      const [zero, one] = await states();
      expect(zero).toMatchObject({ partition: 0, reason: '', behind: 0, next_offset: 2 });
      expect(one).toMatchObject({ partition: 1, reason: 'refused_rows', behind: 1, next_offset: 0 });
      await eventually(
        'detection is held',
        async () => (await readWatermark(store, Date.now() / 1000)) !== null,
      );
      await store.command('ALTER TABLE ingest_batches DROP CONSTRAINT test_halts');
      await eventually('the incident resolves', async () =>
        (await incidents()).includes('resolved refused_rows'),
      );
      // On a busy machine a report of the worker may just be late, which holds detection for a moment.
      await eventually(
        'detection is not held',
        async () => (await readWatermark(store, Date.now() / 1000)) === null,
      );
      expect(await incidents()).toHaveLength(1);
    },
    TEST_MS,
  );

  it(
    'whose worker is killed hold detection until another worker takes over; a worker that is stopped reports it',
    async () => {
      const [first] = running;
      first?.child.kill('SIGKILL');
      await first?.finished;
      await produce(1);
      await eventually(
        'detection is held',
        async () => (await readWatermark(store, Date.now() / 1000)) !== null,
      );
      const second = start('ingest');
      await eventually('another worker has them, and nothing waits', async () =>
        (await states()).every(
          ({ worker, behind }) => worker.includes(`-${second.child.pid}-`) && behind === 0,
        ),
      );
      // On a busy machine a report of the worker may just be late, which holds detection for a moment.
      await eventually(
        'detection is not held',
        async () => (await readWatermark(store, Date.now() / 1000)) === null,
      );
      second.child.kill('SIGTERM');
      expect((await second.finished).code, second.stderr()).toBe(0);
      expect((await states()).map(({ state, next_offset: next }) => [state, next])).toEqual([
        ['left', 2],
        ['left', 2],
      ]);
    },
    TEST_MS,
  );
});
