import { expect, test } from 'vitest';
import { originalOf, replayText } from './dead-letters.js';

test.each([
  [
    { topic: "file:it's.log#cdbcdad1", partition: 0, offset: 41 },
    `sed -n 42p 'it'\\''s.log' | faultline try`,
  ],
  [
    { topic: 'llm', partition: 3, offset: 7 },
    'kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic llm --partition 3 --offset 7 --max-messages 1 | faultline try',
  ],
  [{ topic: 'stdin#00ff', partition: 0, offset: 7 }, null],
])('the original of %j is shown by %s', (letter, command) => {
  expect(originalOf(letter)).toBe(command);
});

test('a sentence says what became of dead letters', () => {
  const read = { counted: 1, rejected: 0, cut: 0, in_doubt: 0, reasons: [] };
  expect(replayText(read, true)).toBe('1 request can be counted.');
  expect(replayText(read, false)).toBe('1 request was counted.');
  const more = {
    ...read,
    counted: 0,
    rejected: 3,
    cut: 1,
    reasons: [{ reason: 'not_json', count: 3, detail: '' }],
  };
  expect(replayText(more, false)).toBe(
    '0 requests were counted. 3 dead letters cannot be read (not json 3). Of 1 dead letter the whole text is not stored.',
  );
});
