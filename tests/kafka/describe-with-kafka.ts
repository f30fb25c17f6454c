import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { beforeAll, describe, inject, it } from 'vitest';
import type { KafkaAnswer } from './kafka-setup.ts';
import { createTopic, deleteTopic } from './kafka-topics.ts';

/** The broker that all test files of a run share. Each test needs its own topics and groups. */
export interface SharedKafka {
  /** Set before the first test or hook of the suite runs. */
  readonly brokers: string[];
  /** Makes a new topic with a name that no other test has; resolves to the name. */
  createTopic(options?: { partitions?: number; config?: Record<string, string> }): Promise<string>;
  deleteTopic(name: string): Promise<void>;
}

/**
 * Runs a suite on the shared Kafka of the run. Without Kafka the suite is skipped and the reason printed; with CI=true
 * it fails. Await it at the top of the test file.
 */
export async function describeWithKafka(name: string, suite: (kafka: SharedKafka) => void): Promise<void> {
  await describeWhere('/available', name, () => {
    const brokers: string[] = [];
    beforeAll(async () => {
      const answer = await ask('/shared');
      if (!('brokers' in answer)) throw new Error(reasonOf(answer));
      brokers.splice(0, brokers.length, ...answer.brokers);
    });
    suite({
      brokers,
      async createTopic(options = {}) {
        const topic = `test-${randomUUID()}`;
        await createTopic(brokers[0] ?? '', topic, options);
        return topic;
      },
      deleteTopic: (topic) => deleteTopic(brokers[0] ?? '', topic),
    });
  });
}

/**
 * Runs a suite that starts its own brokers with `startKafka`, whatever KAFKA_BROKERS says. Without Kafka, the suite is
 * skipped or fails as with `describeWithKafka`.
 */
export async function describeWithOwnKafka(name: string, suite: () => void): Promise<void> {
  await describeWhere('/own', name, suite);
}

async function describeWhere(page: '/available' | '/own', name: string, suite: () => void): Promise<void> {
  const answer = await ask(page);
  if ('brokers' in answer) {
    describe(name, suite);
  } else if ('failed' in answer || process.env['CI'] === 'true') {
    describe(name, () => {
      it('has a Kafka to run on', () => {
        throw new Error(reasonOf(answer));
      });
    });
  } else {
    console.warn(`skipped: ${name}: ${answer.unavailable}`);
    describe.skip(`${name} (${answer.unavailable})`, suite);
  }
}

const reasonOf = (answer: Exclude<KafkaAnswer, { brokers: string[] }>): string =>
  'failed' in answer ? answer.failed : answer.unavailable;

// Does not use `fetch`, because its time-out for the first byte is fixed, and the download of Kafka's libraries may
// take minutes.
function ask(page: string): Promise<KafkaAnswer> {
  return new Promise((resolve, reject) => {
    get(inject('kafkaSetup') + page, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}
