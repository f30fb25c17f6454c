import { expect, test } from 'vitest';
import type { Proof } from '../../ingest/reconcile-report.ts';
import { verdictOf } from './reconcile.ts';

const partition = {} as Proof['partitions'][number];
const difference = {} as Proof['differences'][number];

test.each([
  ['nothing was read', [], [], 'nothing has been ingested yet'],
  ['all is counted', [partition], [], 'exact: every record is counted once, dead or skipped'],
  ['one difference', [partition], [difference], '1 difference'],
  ['two differences', [], [difference, difference], '2 differences'],
])('the verdict when %s', (_name, partitions, differences, verdict) => {
  expect(verdictOf({ partitions, differences })).toBe(verdict);
});
