import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../domain/settings.ts';
import { openKafka } from './kafka.ts';

test('a group without a coordinator is waited for, because there is none while all brokers restart', async () => {
  const { kafka } = settingsSchema.parse({ kafka: { brokers: ['127.0.0.1:1'] } });
  await expect(openKafka(kafka, () => undefined)).rejects.toMatchObject({ code: 'unreachable' });
  const errors = createRequire(import.meta.url)('kafkajs/src/errors');
  // The client restarts a consumer only after retriable errors.
  expect(new errors.KafkaJSGroupCoordinatorNotFound('gone').retriable).toBe(true);
});
