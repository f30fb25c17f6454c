import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { generate } from '../simulate/generate.ts';
import { toLine } from '../simulate/record.ts';
import { findScenario } from '../simulate/scenarios.ts';
import { openEmbedded } from './fixtures/embedded-store.ts';
import { readTotalsByClass } from '../store/queries/whole-store.ts';
import { jsonOf, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { withAdmin } from './kafka/kafka-topics.ts';
import { produceLines } from './kafka/produce.ts';

const RECORDS = 20_000;

/** A part of the surge scenario with Slow Down answers, as lines of the present. */
function lines(): string[] {
  const scenario = findScenario('slow-down-surge');
  if (scenario === null) throw new Error('no scenario');
  const from = Date.now() - scenario.duration_ms;
  const all: string[] = [];
  for (const record of generate(scenario, { seed: 3, from, to: Number.POSITIVE_INFINITY })) {
    all.push(toLine(record));
    if (all.length === RECORDS) break;
  }
  // A caller chooses these texts, so they may hold every character that has a meaning to ClickHouse.
  for (const [i, text] of hostile.entries()) all[i] = withTexts(all[i] ?? '', text);
  return all;
}

const hostile = ["O'Brien's app", 'C:\\apps\\', "\\'", "','", "'],['", 'a\tb\nc', '*/ ; --', '😀'];

function withTexts(line: string, text: string): string {
  const headers = { 'retry-after': text, 'x-request-id': text };
  return JSON.stringify({ ...JSON.parse(line), client: text, model: text, request_id: text, headers });
}

await describeWithKafka('faultline ingest', (kafka) => {
  it('counts the same as a replay of the records, commits, resumes where it ended, and reconciles', {
    timeout: 180_000,
  }, async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
    const topic = await kafka.createTopic({ partitions: 3 });
    const group = `group-${topic}`;
    const records = lines();
    const env = {
      FAULTLINE_KAFKA_BROKERS: kafka.brokers.join(','),
      FAULTLINE_KAFKA_TOPICS: topic,
      FAULTLINE_KAFKA_GROUP: group,
      FAULTLINE_CLICKHOUSE_PATH: path.join(directory, 'data'),
      FAULTLINE_METRICS_PORT: '0',
    };
    const acknowledged = (): Promise<number> =>
      withAdmin(kafka.brokers[0] ?? '', async (admin) => {
        const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
      });
    const ingestUntil = async (total: number): Promise<void> => {
      const worker = startFaultline(['ingest'], { env });
      await until(
        `${total} records acknowledged; the worker said ${worker.stderr()}`,
        async () => (await acknowledged()) === total,
        180_000,
      );
      worker.child.kill('SIGTERM');
      expect((await worker.finished).code, worker.stderr()).toBe(0);
    };
    try {
      const half = RECORDS / 2;
      await produceLines(kafka.brokers, topic, records.slice(0, half), { partition: (i) => i % 3 });
      await ingestUntil(half);
      await produceLines(kafka.brokers, topic, [...records.slice(half), 'no json', 'null'], {
        partition: (i) => i % 3,
      });
      await ingestUntil(RECORDS + 2);

      const replayed = await runFaultline(['replay', '-', '--json'], { input: records.join('\n') });
      const store = await openEmbedded(env.FAULTLINE_CLICKHOUSE_PATH);
      const counts = await readTotalsByClass(store);
      const dead = await store.query('SELECT reason, body FROM dead_letters ORDER BY body');
      await store.close();
      expect(counts).toEqual((jsonOf(replayed) as { counts: unknown }).counts);
      expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(RECORDS);
      expect(dead).toEqual([
        { reason: 'not_json', body: 'no json' },
        { reason: 'unknown_format', body: 'null' },
      ]);

      const proof = await runFaultline(['reconcile'], { env });
      expect(proof.stderr).toBe('');
      expect(proof.stdout).toContain('exact');
      expect(proof.code).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
