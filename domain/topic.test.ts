import { expect, test } from 'vitest';
import { isKafkaTopic } from './topic.ts';

test.each([
  ['requests', true],
  ['llm.requests_v2-eu', true],
  ['file:app.log#1a2b3c4d', false],
  ['stdin#5f3a', false],
  ['pipe:log#5f3a', false],
  ['demo#5f3a', false],
  ['dead-letters#12', false],
])('the topic %s is of Kafka: %s', (topic, isOfKafka) => {
  expect(isKafkaTopic(topic)).toBe(isOfKafka);
});
