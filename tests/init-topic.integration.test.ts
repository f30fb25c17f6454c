import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFaultline } from './fixtures/run-faultline.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { produceLines } from './kafka/produce.ts';

await describeWithKafka('faultline init --topic', (kafka) => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await mkdtemp(path.join(tmpdir(), 'faultline-init-topic-'));
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));
  const init = (topic: string, ...more: string[]) =>
    runFaultline(['init', '--topic', topic, '--brokers', kafka.brokers.join(','), ...more], { cwd });

  it('reads the newest records of all partitions, and also writes the topic', async () => {
    const topic = await kafka.createTopic({ partitions: 3 });
    const lines = Array.from({ length: 1_200 }, (_, i) =>
      JSON.stringify(
        i < 600
          ? { old: i }
          : { at: new Date(Date.UTC(2026, 5, 1) + i).toISOString(), http_code: i % 3 ? 200 : 503 },
      ),
    );
    await produceLines(kafka.brokers, topic, lines);
    const { code, stdout, stderr } = await init(topic, '--yes');
    expect([code, stderr]).toEqual([0, 'faultline.yaml is written; next: faultline start --source kafka\n']);
    expect(stdout).toMatch(/status +\$\.http_code/);
    expect(stdout).toMatch(/would count: requests: \d+ \(\d+ ok, \d+ server_error\), of records: 500/);
    expect(await readFile(path.join(cwd, 'faultline.yaml'), 'utf8')).toContain(`- ${topic}`);
  });

  it.each([
    ['empty', async () => kafka.createTopic(), /is empty: there is nothing to examine\n$/],
    ['not there', async () => 'no-such-topic', /no-such-topic does not exist at/],
  ])('reports in one line that a topic is %s', async (_fact, make, message) => {
    const { code, stderr } = await init(await make());
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
