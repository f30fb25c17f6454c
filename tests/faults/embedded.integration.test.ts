import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startClickHouse } from '../fixtures/clickhouse-process.ts';
import { type Pipeline, withPipeline } from '../fixtures/pipeline.ts';
import { type Running, startFaultline } from '../fixtures/run-faultline.ts';
import { seededChance } from '../fixtures/seed.ts';
import { until } from '../fixtures/until.ts';
import { describeWithKafka } from '../kafka/describe-with-kafka.ts';
import { withAdmin } from '../kafka/kafka-topics.ts';

await describeWithKafka('faultline ingest with the engine in its own process', (kafka) => {
  it('counts exactly although it is killed several times', async () => {
    const chance = seededChance('embedded engine');
    const clickhouse = await startClickHouse();
    const programs: Running[] = [];
    try {
      await withPipeline({ brokers: kafka.brokers, clickhouse, partitions: 2 }, async (pipeline) => {
        // Only one engine at a time can open the data directory. The worker has it, except while the test reads it.
        await clickhouse.kill();
        const start = (): Running => {
          const env = {
            ...pipeline.env,
            FAULTLINE_CLICKHOUSE_URL: '',
            FAULTLINE_CLICKHOUSE_PATH: path.join(clickhouse.dir, 'data'),
            FAULTLINE_KAFKA_SESSION_TIMEOUT_MS: '6000',
            FAULTLINE_BATCH_ROWS: '50',
            FAULTLINE_BATCH_AGE_MS: '200',
            FAULTLINE_METRICS_PORT: '0',
          };
          const program = startFaultline(['ingest'], { env });
          programs.push(program);
          return program;
        };
        for (let kill = 0; kill < 3; kill++) {
          const enough = (await acknowledged(pipeline)) + chance.between(1, 1_000);
          const load = pipeline.produceSteadily(1_200, 300);
          const program = start();
          await until(
            `progress; it said ${program.stderr()}`,
            async () => (await acknowledged(pipeline)) >= enough,
          );
          program.child.kill('SIGKILL');
          await Promise.all([load, program.finished]);
        }
        await pipeline.produce(400);
        const last = start();
        await until('all is acknowledged', async () => (await acknowledged(pipeline)) === 4_000);
        last.child.kill('SIGTERM');
        expect((await last.finished).code, last.stderr()).toBe(0);
        await clickhouse.start();
        await pipeline.expectExact();
      });
    } finally {
      for (const program of programs) program.child.kill('SIGKILL');
      await clickhouse.stop();
    }
  });

  it('reports in one line that its data directory is read-only', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
    try {
      await chmod(directory, 0o500);
      const main = path.resolve(import.meta.dirname, '../../cli/main.ts');
      const args = ['ingest', '--data', path.join(directory, 'data'), '--brokers', kafka.brokers.join(',')];
      // The superuser may write everywhere, so the program is started without this right.
      const command =
        process.getuid?.() === 0
          ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override']
          : ['env'];
      const child = spawn(command[0] ?? '', [...command.slice(1), process.execPath, main, ...args], {
        env: { ...process.env, FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const [code] = await once(child, 'close');
      expect(said).toMatch(/^[^\n]*data directory \S+ cannot be used \(EACCES\)[^\n]*\n$/);
      expect(code).toBe(1);
    } finally {
      await chmod(directory, 0o700);
      await rm(directory, { recursive: true, force: true });
    }
  });
});

/** Records that the group has acknowledged or announced, over all partitions. */
async function acknowledged({ brokers, group, topic }: Pipeline): Promise<number> {
  return withAdmin(brokers[0] ?? '', async (admin) => {
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  });
}
