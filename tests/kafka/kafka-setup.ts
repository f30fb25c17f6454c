import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { TestProject } from 'vitest/node';
import { KafkaUnavailable, kafkaLibs } from './kafka-libs.ts';
import { isReady } from './kafka-topics.ts';
import { type Kafka, startKafka } from './start-kafka.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the page that starts the shared broker when it is first asked. */
    kafkaSetup: string;
  }
}

/** The answer of the page: brokers (empty as long as nobody asked for the shared one), or why there are none. */
export type KafkaAnswer = { brokers: string[] } | { unavailable: string } | { failed: string };

let page: Server | undefined;
let shared: Promise<Kafka> | undefined;

/**
 * Serves a page through which all test files of a run share one broker. The broker starts when the first test file asks
 * for it, so a run without Kafka tests does not wait for it. `GET /available` only checks whether a broker could be
 * started; `GET /shared` starts it.
 */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env['KAFKA_BROKERS'] ?? '';
  const answer = async (path: string): Promise<KafkaAnswer> => {
    if (path === '/own' || given === '') await kafkaLibs();
    if (path !== '/shared') return { brokers: [] };
    if (given === '') {
      shared ??= startKafka();
      return { brokers: (await shared).brokers };
    }
    const brokers = given.split(',').map((broker) => broker.trim());
    for (const broker of brokers) {
      if (!(await isReady(broker))) return { failed: `KAFKA_BROKERS: ${broker} does not answer` };
    }
    return { brokers };
  };
  page = createServer((request, response) => {
    answer(request.url ?? '')
      .catch((error: unknown): KafkaAnswer => {
        const reason = error instanceof Error ? error.message : String(error);
        return error instanceof KafkaUnavailable ? { unavailable: reason } : { failed: reason };
      })
      .then((body) => response.end(JSON.stringify(body)))
      .catch(() => response.destroy());
  });
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  const address = page.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  project.provide('kafkaSetup', `http://127.0.0.1:${port}`);
}

/** Stops the page and the broker, if one was started. */
export async function teardown(): Promise<void> {
  page?.close();
  page?.closeAllConnections();
  await (await shared?.catch(() => undefined))?.stop();
}
