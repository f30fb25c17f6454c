import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Proof } from '../../ingest/reconcile-report.ts';
import type { FaultPoint } from '../../ingest/write.ts';
import { type ClickHouseProcess, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { withPipeline } from '../fixtures/pipeline.ts';
import { seededChance } from '../fixtures/seed.ts';
import { describeWithKafka } from '../kafka/describe-with-kafka.ts';

const RECORDS = 3_000;

const points: readonly { at: FaultPoint; time: number }[] = [
  { at: 'before-announce', time: 2 },
  { at: 'after-announce', time: 2 },
  { at: 'between-inserts', time: 4 },
  { at: 'after-inserts', time: 2 },
  { at: 'before-acknowledge', time: 1 },
];

await describeWithKafka('a worker that is killed', (kafka) => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
  });
  afterAll(() => clickhouse.stop());

  // The tests run at the same time, because each waits most of its time until the group drops a dead member.
  describe.concurrent('leaves no record uncounted or counted twice', () => {
    it.for(points)('when it is killed at the point $at', async (crash) => {
      await withPipeline({ brokers: kafka.brokers, clickhouse }, async (pipeline) => {
        const first = pipeline.startWorker({ crash: { ...crash, signal: 'SIGKILL' } });
        await first.said(/^running/);
        const load = pipeline.produceSteadily(RECORDS, 1_000);
        await first.said(new RegExp(`^SIGKILL ${crash.at}`));
        pipeline.startWorker();
        await load;
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it.for([
      { at: 'after-announce', time: 1 },
      // Between two inserts of a batch: after that of the failures, and after that of the counts.
      { at: 'between-inserts', time: 1 },
      { at: 'between-inserts', time: 2 },
    ] as const)(
      '$at $time: until it is replayed, reconcile calls the range announced, not finished, and no difference',
      async (crash) => {
        await withPipeline({ brokers: kafka.brokers, clickhouse }, async (pipeline) => {
          const worker = pipeline.startWorker({ crash: { ...crash, signal: 'SIGKILL' } });
          await worker.said(/^running/);
          await pipeline.produce(RECORDS);
          await worker.said(new RegExp(`^SIGKILL ${crash.at}`));
          await worker.ended;
          const { code, stdout, stderr } = await pipeline.run([
            'reconcile',
            '--json',
            '--topic',
            pipeline.topic,
          ]);
          const proof: Proof = JSON.parse(stdout);
          expect({ code, stderr, differences: proof.differences }).toEqual({
            code: 0,
            stderr: '',
            differences: [],
          });
          const end = proof.partitions[0]?.to ?? 0;
          expect(proof.unfinished).toMatchObject([{ topic: pipeline.topic, partition: 0, from: end }]);
          pipeline.startWorker();
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        });
      },
    );

    it('ten times at random points under load', async () => {
      const chance = seededChance('crash points');
      await withPipeline(
        { brokers: kafka.brokers, clickhouse, partitions: 2, batchRows: 50 },
        async (pipeline) => {
          for (let kill = 0; kill < 10; kill++) {
            const { at } = chance.pick(points);
            const isIdle = at === 'before-acknowledge';
            const time = isIdle ? 1 : chance.between(1, 8);
            const worker = pipeline.startWorker({ crash: { at, time, signal: 'SIGKILL' } });
            let isAlive = true;
            const killed = worker.said(/^SIGKILL/).finally(() => (isAlive = false));
            // At all other points the worker needs records. Only an acknowledgement without a next batch comes when no
            // more records come.
            do await pipeline.produceSteadily(200, 400);
            while (isAlive && !isIdle);
            await killed;
            await worker.ended;
          }
          pipeline.startWorker();
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        },
      );
    });
  });
});
