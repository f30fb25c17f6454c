import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transientServerCodes } from '../../store/error.ts';
import { type ClickHouseProcess, mayMount, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { startProxy, type Treatment } from '../fixtures/http-proxy.ts';
import { type Pipeline, withPipeline } from '../fixtures/pipeline.ts';
import { type Running, startFaultline } from '../fixtures/run-faultline.ts';
import { seededChance } from '../fixtures/seed.ts';
import { until } from '../fixtures/until.ts';
import { describeWithKafka, type SharedKafka } from '../kafka/describe-with-kafka.ts';

const OUTAGE_MS = 60_000;

await describeWithKafka('counts stay exact', (kafka) => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
  });
  afterAll(() => clickhouse.stop());

  /** A pipeline whose workers reach ClickHouse through a proxy. */
  const throughProxy = async (
    treat: (table: string) => Treatment,
    test: (pipeline: Pipeline) => Promise<void>,
  ): Promise<void> => {
    const proxy = await startProxy(clickhouse.url, treat);
    try {
      await withPipeline({ ...partsOf(kafka, clickhouse), workerUrl: proxy.url }, test);
    } finally {
      await proxy.close();
    }
  };

  /** A worker that has written its first batch, while records keep coming. */
  const underLoad = async (pipeline: Pipeline, records: number) => {
    const worker = pipeline.startWorker();
    await worker.said(/^running/);
    const load = pipeline.produceSteadily(records, 500);
    await worker.said(/^written/);
    return { worker, load };
  };

  /** A pipeline on a ClickHouse with its own disk. */
  const withOwnDisk = async (
    test: (pipeline: Pipeline, own: ClickHouseProcess) => Promise<void>,
  ): Promise<void> => {
    const own = await startClickHouse({ diskMib: 512 });
    try {
      await withPipeline(partsOf(kafka, own), (pipeline) => test(pipeline, own));
    } finally {
      await own.stop();
    }
  };

  describe.concurrent('when ClickHouse', () => {
    it('is killed and down for a minute', async () => {
      const own = await startClickHouse();
      const programs: Running[] = [];
      try {
        await withPipeline(partsOf(kafka, own), async (pipeline) => {
          const program = startFaultline(['ingest'], {
            env: { ...pipeline.env, FAULTLINE_BATCH_ROWS: '50', FAULTLINE_METRICS_PORT: '0' },
          });
          programs.push(program);
          const load = pipeline.produceSteadily(4_000, 500);
          const url = await until(
            'the address of its pages',
            () => /"url":"(http:[^"]+)"/.exec(program.stderr())?.[1] ?? null,
          );
          const health = async () => (await (await fetch(`${url}/readyz`)).json()) as { state: string };
          await until('it counts', async () => (await pipeline.accounted()) > 0);
          expect((await health()).state).toBe('ok');
          await own.kill();
          await until('it says so', async () => (await health()).state === 'degraded');
          await sleep(OUTAGE_MS);
          expect(await health()).toMatchObject({ state: 'degraded', partitions: 2 });
          expect((await fetch(`${url}/healthz`)).status).toBe(200);
          await own.start();
          await load;
          await pipeline.waitUntilCounted();
          program.child.kill('SIGTERM');
          expect((await program.finished).code, program.stderr()).toBe(0);
          await pipeline.expectExact();
        });
      } finally {
        for (const program of programs) program.child.kill('SIGKILL');
        await own.stop();
      }
    });

    it('is slow', async () => {
      const chance = seededChance('slow ClickHouse');
      await throughProxy(
        () => ({ kind: 'delay', ms: chance.between(300, 1_000) }),
        async (pipeline) => {
          const worker = pipeline.startWorker();
          await worker.said(/^running/);
          await pipeline.produceSteadily(3_000, 500);
          await pipeline.waitUntilCounted();
          await pipeline.expectExact();
        },
      );
    });

    it('answers with each code for temporary trouble', async () => {
      const codes = Object.entries(transientServerCodes).map(([code, name]) => ({
        code: Number(code),
        name,
      }));
      const told: number[] = [];
      let inserts = 0;
      const treat = (): Treatment => {
        // Only every second insert is refused, so that each table gets refusals.
        const next = inserts++ % 2 === 0 ? codes.shift() : undefined;
        if (next === undefined) return { kind: 'pass' };
        told.push(next.code);
        return { kind: 'refuse', ...next };
      };
      await throughProxy(treat, async (pipeline) => {
        const worker = pipeline.startWorker();
        await worker.said(/^running/);
        // A slow machine makes fewer and larger batches, so records are sent until each error code was used.
        do {
          await pipeline.produceSteadily(3_000, 500);
          await pipeline.waitUntilCounted();
        } while (codes.length > 0);
        for (const code of told) await worker.said(new RegExp(`^store failed .*\\(${code} `));
        await pipeline.expectExact();
      });
    });

    it('cuts the connection after it took the insert', async () => {
      let inserts = 0;
      await throughProxy(
        () => ({ kind: inserts++ % 3 === 1 ? 'swallow' : 'pass' }),
        async (pipeline) => {
          const worker = pipeline.startWorker();
          await worker.said(/^running/);
          await pipeline.produceSteadily(3_000, 500);
          await pipeline.waitUntilCounted();
          expect(worker.lines().filter((line) => line.startsWith('store failed')).length).toBeGreaterThan(3);
          await pipeline.expectExact();
        },
      );
    });

    it('cuts the connection after it took the insert, and the worker dies before it tries again', async () => {
      const tables = ['error_events', 'request_counts', 'ingest_batches'];
      let swallowed = '';
      const treat = (table: string): Treatment => {
        if (swallowed !== '' || table !== tables[0]) return { kind: 'pass' };
        tables.shift();
        swallowed = table;
        return { kind: 'swallow' };
      };
      await throughProxy(treat, async (pipeline) => {
        const load = pipeline.produceSteadily(3_000, 500);
        while (tables.length > 0) {
          const before = tables.length;
          const worker = pipeline.startWorker();
          await worker.said(/^store failed/);
          worker.signal('SIGKILL');
          await worker.ended;
          expect(tables.length).toBe(before - 1);
          swallowed = '';
        }
        await load;
        pipeline.startWorker();
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it.skipIf(!mayMount())('fills its disk, refuses inserts in time, and has space again', async () => {
      await withOwnDisk(async (pipeline, own) => {
        const { worker, load } = await underLoad(pipeline, 3_000);
        const free = await own.fillDisk(200);
        const more = pipeline.produceSteadily(500, 500);
        await worker.said(/^store failed .*243 NOT_ENOUGH_SPACE/);
        await sleep(pipeline.sessionTimeoutMs * 1.5);
        await free();
        await Promise.all([load, more]);
        await pipeline.waitUntilCounted();
        expect(own.lastWords()).toBeNull();
        await pipeline.expectExact();
      });
    });

    it.skipIf(!mayMount())('cannot write to its full disk, ends and is started again', async () => {
      const chance = seededChance('refused writes');
      await withOwnDisk(async (pipeline, own) => {
        const { load } = await underLoad(pipeline, 5_000);
        const tables = ['request_counts', 'request_counts_1m', 'error_events', 'ingest_batches'];
        // All space of the disk is taken at once, while inserts and merges run, and for longer than they take.
        await until('a write is refused', async () => {
          const merges = tables.map((table) => pipeline.store.command(`OPTIMIZE TABLE ${table} FINAL`));
          await sleep(chance.below(20));
          const restore = own.shrinkDisk();
          await Promise.allSettled(merges);
          await sleep(1_000);
          restore();
          await sleep(300);
          return own.lastWords() !== null;
        });
        expect(own.lastWords()).toMatch(/^faultline: the disk of data directory .* refused \d+ writes? /m);
        await own.start();
        await load;
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });

    it('reports that its disk is full, and later has space again', async () => {
      let isFull = false;
      const treat = (): Treatment =>
        isFull ? { kind: 'refuse', code: 243, name: 'NOT_ENOUGH_SPACE' } : { kind: 'pass' };
      await throughProxy(treat, async (pipeline) => {
        const { worker, load } = await underLoad(pipeline, 3_000);
        isFull = true;
        await worker.said(/^store failed .*243 NOT_ENOUGH_SPACE/);
        await sleep(pipeline.sessionTimeoutMs * 1.5);
        isFull = false;
        await load;
        await pipeline.waitUntilCounted();
        await pipeline.expectExact();
      });
    });
  });
});

function partsOf(kafka: SharedKafka, { url, token }: ClickHouseProcess) {
  return { brokers: kafka.brokers, clickhouse: { url, token }, partitions: 2, batchRows: 50 };
}
