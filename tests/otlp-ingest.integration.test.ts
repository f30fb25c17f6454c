import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openEmbedded } from './fixtures/embedded-store.ts';
import { readTotalsByClass } from '../store/queries/whole-store.ts';
import { spansInProtobuf } from './fixtures/otlp-writer.ts';
import { jsonOf, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { withAdmin } from './kafka/kafka-topics.ts';
import { produceLines } from './kafka/produce.ts';

const emitters = ['openllmetry', 'openinference', 'vercel-ai-sdk', 'codex', 'claude-code', 'gemini-cli'];

/** A batch of 5,000 spans, 0.6 MB: about the largest message of a broker. */
function largeBatch(): Buffer {
  const end = BigInt(Date.now()) * 1_000_000n;
  const items = Array.from({ length: 5_000 }, (_, at) => ({
    traceId: 'a'.repeat(32),
    spanId: at.toString(16).padStart(16, '0'),
    parentSpanId: '',
    name: 'chat',
    start: end,
    end,
    attributes: { 'gen_ai.request.model': 'gpt-5' },
    status: { code: 0, message: '' },
    events: [],
  }));
  return spansInProtobuf([{ attributes: {}, scopes: [{ name: 'x', items }] }]);
}

await describeWithKafka('faultline ingest of OpenTelemetry', (kafka) => {
  it('counts protobuf and JSON on one topic in the same way, and reconciles', {
    timeout: 120_000,
  }, async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
    const topic = await kafka.createTopic({ partitions: 2 });
    const group = `group-${topic}`;
    const samples = new URL('samples/', import.meta.url);
    const encoded = JSON.parse(
      await readFile(new URL('otel-genai.protobuf.json', samples), 'utf8'),
    ) as Record<string, string>;
    const inJson: string[] = [];
    for (const name of emitters) {
      const sample = await readFile(new URL(`otel-genai.${name}.input.json`, samples), 'utf8');
      inJson.push(JSON.stringify((JSON.parse(sample) as { message: unknown }).message));
    }
    const messages = [
      ...emitters.map((name) => Buffer.from(encoded[name] ?? '', 'base64')),
      ...inJson,
      largeBatch(),
      Buffer.from([0x0a, 0x03, 0xff, 0xfe, 0xfd]),
    ];
    const env = {
      FAULTLINE_KAFKA_BROKERS: kafka.brokers.join(','),
      FAULTLINE_KAFKA_TOPICS: topic,
      FAULTLINE_KAFKA_GROUP: group,
      FAULTLINE_CLICKHOUSE_PATH: path.join(directory, 'data'),
      FAULTLINE_METRICS_PORT: '0',
    };
    try {
      await produceLines(kafka.brokers, topic, messages);
      const worker = startFaultline(['ingest'], { env });
      await until(
        `${messages.length} messages acknowledged; the worker said ${worker.stderr()}`,
        () =>
          withAdmin(kafka.brokers[0] ?? '', async (admin) => {
            const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
            const offsets = (answer?.partitions ?? []).map(({ offset }) => Math.max(0, Number(offset)));
            return offsets.reduce((sum, offset) => sum + offset, 0) === messages.length;
          }),
        120_000,
      );
      worker.child.kill('SIGTERM');
      expect((await worker.finished).code, worker.stderr()).toBe(0);

      const replayed = await runFaultline(['replay', '-', '--json'], { input: inJson.join('\n') });
      const once = (jsonOf(replayed) as { counts: Record<string, number> }).counts;
      const store = await openEmbedded(env.FAULTLINE_CLICKHOUSE_PATH);
      const counts = await readTotalsByClass(store);
      const dead = await store.query('SELECT reason, detail FROM dead_letters');
      await store.close();
      const twice = Object.fromEntries(Object.entries(once).map(([name, count]) => [name, count * 2]));
      expect(counts).toEqual({ ...twice, ok: (twice['ok'] ?? 0) + 5_000 });
      expect(counts).toMatchObject({ quota_exceeded: 2, timeout: 2 });
      expect(dead).toEqual([
        {
          reason: 'not_utf8',
          detail: expect.stringMatching(/^neither text nor OTLP in protobuf: it /) as unknown,
        },
      ]);

      const proof = await runFaultline(['reconcile'], { env });
      expect(proof.stdout, proof.stderr).toContain('exact');
      expect(proof.code).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
