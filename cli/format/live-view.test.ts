import { expect, test } from 'vitest';
import { createLiveView, type LiveCounts } from './live-view.ts';

const idle: LiveCounts = {
  records: 0,
  dead: 0,
  byClass: new Map(),
  present: null,
  progress: null,
  trouble: '',
  openIncidents: 0,
};

/** What the view writes when standard error is not a terminal. */
function written(counts: Partial<LiveCounts>): string {
  let text = '';
  const stderr = { write: (piece: string) => (text += piece) } as unknown as NodeJS.WriteStream;
  createLiveView({ out: () => {}, stderr, color: false, width: 120, now: () => 0 }).update({
    ...idle,
    ...counts,
  });
  return text;
}

test.each<[string, Partial<LiveCounts>, RegExp]>([
  ['waits before the first record', {}, /^waiting for records  0 records/],
  ['reads from a topic, whose present is the clock', { records: 12 }, /^reading  12 records/],
  ['shows the event time of a file', { records: 12, present: 0 }, /^1970-01-01 00:00 UTC  12 records/],
])('the live view %s', (_name, counts, line) => {
  expect(written(counts)).toMatch(line);
});
