import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';

const examples = path.resolve(import.meta.dirname, '../examples');
const read = (file: string): string => readFileSync(path.join(examples, file), 'utf8');

describe('example configurations of programs that send logs to Kafka', () => {
  test.each([
    ['otel-collector/collector.yaml', ['exporters', 'kafka', 'traces', 'topic']],
    ['otel-collector/collector.yaml', ['exporters', 'kafka', 'logs', 'topic']],
    ['vector/vector.yaml', ['sinks', 'kafka', 'topic']],
    ['fluent-bit/fluent-bit.yaml', ['pipeline', 'outputs', 0, 'topics']],
  ])('%s writes to the topic that workers read by default', (file, place) => {
    const topic = place.reduce<unknown>(
      (value, step) => (value as Record<string | number, unknown>)[step],
      parse(read(file)),
    );
    expect(settingsSchema.parse({}).kafka.topics).toEqual([topic]);
  });

  test('the batches of the Collector stay far below the largest message', () => {
    const { processors } = parse(read('otel-collector/collector.yaml')) as {
      processors: { batch: { send_batch_max_size: number } };
    };
    expect(processors.batch.send_batch_max_size).toBeLessThanOrEqual(200);
  });
});

test('the page names every example, and every example that it names exists', () => {
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const linked = [...read('README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target ?? '');
  expect(new Set(linked.map((target) => target.split('/')[0]))).toEqual(
    new Set(folders.map((entry) => entry.name)),
  );
  for (const target of linked) expect(read(target).length, target).toBeGreaterThan(0);
});
