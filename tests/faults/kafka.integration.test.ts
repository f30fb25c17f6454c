import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ClickHouseProcess, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { type Pipeline, type PipelineParts, withPipeline } from '../fixtures/pipeline.ts';
import { until } from '../fixtures/until.ts';
import { describeWithKafka, describeWithOwnKafka } from '../kafka/describe-with-kafka.ts';
import { withAdmin } from '../kafka/kafka-topics.ts';
import { type Kafka, startKafka } from '../kafka/start-kafka.ts';

await describeWithKafka('when Kafka forgets', (kafka) => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
  });
  afterAll(() => clickhouse.stop());

  const parts = (more: Partial<PipelineParts> = {}): PipelineParts => ({
    brokers: kafka.brokers,
    clickhouse,
    ...more,
  });

  describe.concurrent('counts stay exact when Kafka loses', () => {
    it("the group's offsets: the worker resumes from the ledger and reports it", async () => {
      await withPipeline(parts({ partitions: 2 }), async (pipeline) => {
        await countAll(pipeline, 2_000);
        await withAdmin(kafka.brokers[0] ?? '', (admin) => admin.deleteGroups([pipeline.group]));
        await pipeline.produce(1_000);
        const worker = pipeline.startWorker();
        await worker.said(/^started 0 1000 .*resuming from the ledger at 1000/);
        await worker.said(/^started 1 1000 .*resuming from the ledger at 1000/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it("the group's offsets, set back to the beginning by a tool", async () => {
      await withPipeline(parts({ partitions: 2 }), async (pipeline) => {
        await countAll(pipeline, 2_000);
        await withAdmin(kafka.brokers[0] ?? '', (admin) =>
          admin.resetOffsets({ groupId: pipeline.group, topic: pipeline.topic, earliest: true }),
        );
        await pipeline.produce(1_000);
        const worker = pipeline.startWorker();
        await worker.said(/^started 0 1000 .*resuming from the ledger at 1000/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    const sizes = [
      { name: 'fewer records', records: 500 },
      { name: 'more records', records: 3_000 },
      { name: 'as many records', records: 2_000 },
    ] as const;
    it.for(sizes)('the topic, which is created again with $name while nobody reads', async ({ records }) => {
      await withPipeline(parts(), async (pipeline) => {
        await countAll(pipeline, 2_000);
        await pipeline.recreateTopic();
        await pipeline.produce(records);
        const worker = pipeline.startWorker();
        await worker.said(/^started 0 0 the topic was deleted and created again/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it.for(sizes)(
      'the topic, which is created again with $name while a worker reads',
      async ({ records }) => {
        await withPipeline(parts(), async (pipeline) => {
          await pipeline.produce(2_000);
          const worker = pipeline.startWorker();
          await pipeline.waitUntilCounted();
          await pipeline.recreateTopic();
          await pipeline.produce(records);
          await worker.said(/^started 0 0 the topic was deleted and created again/);
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        });
      },
    );

    it('the topic, which is created again with more records while its only reader is frozen', async () => {
      await withPipeline(parts(), async (pipeline) => {
        await pipeline.produce(2_000);
        const worker = pipeline.startWorker();
        await pipeline.waitUntilCounted();
        worker.signal('SIGSTOP');
        await pipeline.recreateTopic();
        await pipeline.produce(3_000);
        await worker.wakesAndSays(/^started 0 0 the topic was deleted and created again/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it('records after the committed offset of the group: exactly these are reported as lost', async () => {
      await withPipeline(parts(), async (pipeline) => {
        await countAll(pipeline, 1_000);
        await pipeline.produce(500, { lost: true });
        await pipeline.produce(700);
        await deleteUpTo(pipeline, 1_500);
        const worker = pipeline.startWorker();
        await worker.said(/^lost 0 1000 1500/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact({ differences: [{ kind: 'lost', partition: 0, from: 1_000, to: 1_500 }] });
      });
    });

    it('records within a range that is stored but not acknowledged: nothing is lost', async () => {
      await withPipeline(parts(), async (pipeline) => {
        await pipeline.produce(1_000);
        const first = pipeline.startWorker({ crash: { at: 'after-inserts', time: 1, signal: 'SIGKILL' } });
        await first.said(/^SIGKILL/);
        await first.ended;
        const announced = await pipeline.accounted();
        await deleteUpTo(pipeline, announced - 100);
        pipeline.startWorker();
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it('records that a running worker was to read next', async () => {
      await withPipeline(parts(), async (pipeline) => {
        await pipeline.produce(1_000);
        const worker = pipeline.startWorker();
        await pipeline.waitUntilCounted();
        worker.signal('SIGSTOP');
        // The broker keeps a fetch for at most 250 ms, so no fetch that was under way brings the records.
        const frozenAt = performance.now();
        await until('the last fetch has been answered', () => performance.now() - frozenAt > 1_000);
        await pipeline.produce(500, { lost: true });
        await deleteUpTo(pipeline, 1_500);
        await pipeline.produce(700);
        await worker.wakesAndSays(/^lost 0 1000 1500/);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact({ differences: [{ kind: 'lost', partition: 0, from: 1_000, to: 1_500 }] });
      });
    });
  });
});

await describeWithOwnKafka('when Kafka goes away', () => {
  let kafka: Kafka;
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([startKafka(), startClickHouse()]);
  });
  afterAll(() => Promise.all([kafka.stop(), clickhouse.stop()]));

  it.for(['restarted in order', 'killed and started again'])('and is %s, counts stay exact', async (how) => {
    await withPipeline(
      { brokers: kafka.brokers, clickhouse, partitions: 2, batchRows: 50 },
      async (pipeline) => {
        const worker = pipeline.startWorker();
        await worker.said(/^running/);
        await pipeline.produceSteadily(1_000, 1_000);
        await worker.said(/^written/);
        if (how.startsWith('killed')) await kafka.kill();
        await kafka.restart();
        await pipeline.produceSteadily(2_000, 1_000);
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      },
    );
  });
});

/** Produces this many records, lets a worker count them, and stops the worker. */
async function countAll(pipeline: Pipeline, records: number): Promise<void> {
  await pipeline.produce(records);
  pipeline.startWorker();
  await pipeline.waitUntilCounted();
  await pipeline.stopWorkers();
}

async function deleteUpTo(pipeline: Pipeline, offset: number): Promise<void> {
  await withAdmin(pipeline.brokers[0] ?? '', async (admin) => {
    const partitions = [{ partition: 0, offset: String(offset) }];
    // The client deletes only from topics that it knows.
    await admin.fetchTopicOffsets(pipeline.topic);
    await admin.deleteTopicRecords({ topic: pipeline.topic, partitions });
    await until('the log begins there', async () => {
      const [log] = await admin.fetchTopicOffsets(pipeline.topic);
      return Number(log?.low) === offset;
    });
  });
}
