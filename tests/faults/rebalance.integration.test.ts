import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ClickHouseProcess, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { withPipeline } from '../fixtures/pipeline.ts';
import { describeWithKafka } from '../kafka/describe-with-kafka.ts';

await describeWithKafka('counts stay exact', (kafka) => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
  });
  afterAll(() => clickhouse.stop());

  describe.concurrent('while partitions move', () => {
    const frozen = [
      { name: 'between an announcement and its insert', at: 'after-announce', time: 2 },
      { name: 'between two inserts of a batch', at: 'between-inserts', time: 4 },
      { name: 'before an announcement', at: 'before-announce', time: 2 },
      { name: 'after the inserts', at: 'after-inserts', time: 2 },
    ] as const;
    it.for(frozen)('when a worker freezes $name, loses its partitions and wakes', async ({ at, time }) => {
      await withPipeline({ brokers: kafka.brokers, clickhouse }, async (pipeline) => {
        const zombie = pipeline.startWorker({ crash: { at, time, signal: 'SIGSTOP' } });
        await zombie.said(/^running/);
        const load = pipeline.produceSteadily(3_000, 500);
        await zombie.said(/^SIGSTOP/);
        const heir = pipeline.startWorker();
        await heir.said(/^written/);
        await zombie.wakesAndSays(/^revoked/);
        await load;
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it('when a worker freezes at any moment under load', async () => {
      await withPipeline(
        { brokers: kafka.brokers, clickhouse, partitions: 3, batchRows: 50 },
        async (pipeline) => {
          const first = pipeline.startWorker();
          await first.said(/^assigned 3/);
          // The second gets all partitions only after the group has dropped the first.
          const second = pipeline.startWorker();
          const load = pipeline.produceSteadily(6_000, 300);
          await second.said(/^written/);
          await first.said(/^written/);
          first.signal('SIGSTOP');
          await second.said(/^assigned 3/);
          await first.wakesAndSays(/^revoked/);
          await load;
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        },
      );
    });

    it('when a second and a third worker join and leave, in order and by SIGKILL', async () => {
      await withPipeline(
        { brokers: kafka.brokers, clickhouse, partitions: 6, batchRows: 50 },
        async (pipeline) => {
          const first = pipeline.startWorker();
          await first.said(/^assigned 6/);
          let isOver = false;
          // Records are sent until the last worker has got partitions, however slow the machine is.
          const load = (async () => {
            do await pipeline.produceSteadily(600, 300);
            while (!isOver);
          })();
          const second = pipeline.startWorker();
          await second.said(/^written/);
          const third = pipeline.startWorker();
          await third.said(/^written/);
          second.signal('SIGTERM');
          await second.ended;
          third.signal('SIGKILL');
          await third.ended;
          const fourth = pipeline.startWorker();
          await fourth.said(/^written/);
          first.signal('SIGKILL');
          const fifth = pipeline.startWorker();
          await fifth.said(/^written/);
          isOver = true;
          await load;
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        },
      );
    });

    it('when a worker is asked to end under load and ends in order', async () => {
      await withPipeline(
        { brokers: kafka.brokers, clickhouse, partitions: 2, batchRows: 50 },
        async (pipeline) => {
          for (let i = 0; i < 3; i++) {
            // Each worker gets records of its own. On a slow machine it could otherwise find that all records are read
            // already.
            const load = pipeline.produceSteadily(1_200, 250);
            const worker = pipeline.startWorker();
            await worker.said(/^written/);
            await pipeline.stopWorkers();
            await load;
          }
          pipeline.startWorker();
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        },
      );
    });
  });
});
