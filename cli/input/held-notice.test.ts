import { expect, test } from 'vitest';
import { heldNotice } from './held-notice.ts';

const a = 'file:a.log#1a2b3c4d';
const b = 'file:b.log#5e6f7a8b';
const read = (isHistory: boolean) => ({
  data: 'data',
  source: { isHistory, file: isHistory ? 'b.log' : null },
});

test('another file in the data directory is named, with what to do', () => {
  expect(heldNotice(b, [a, b], read(true))).toBe(
    'data holds a.log already, and both are shown together: --data DIR keeps this one apart, and faultline replay b.log reads it alone',
  );
});

test.each([
  ['nothing', [], true],
  ['the same file', [b], true],
  ['earlier parts of a file that is followed', [b, 'file:b.log#00000000'], false],
])('there is no notice about %s', (_fact, held, isHistory) => {
  expect(heldNotice(b, held, read(isHistory))).toBeNull();
});

test('a different file of the same name is named, too', () => {
  expect(heldNotice(b, ['file:b.log#00000000'], read(true))).toContain('data holds b.log already');
});

test('topics of Kafka and many files are named in one short line', () => {
  const files = Array.from({ length: 40 }, (_, i) => `file:${i}.log#${i}`);
  expect(heldNotice(b, ['llm-requests', ...files], read(false))).toBe(
    'data holds llm-requests, 0.log, 1.log and 38 more already, and both are shown together: --data DIR keeps this one apart',
  );
});
