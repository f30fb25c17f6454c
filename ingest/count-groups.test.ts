import { expect, test } from 'vitest';
import { callers } from './callers.ts';
import { CountGroups, type Counted } from './count-groups.ts';
import type { Classification } from '../domain/classification.ts';
import { byCallerDimension } from '../domain/count-row.ts';

const judged = (name: Classification['class']): Classification => ({
  class: name,
  rule: '',
  generation: '',
  retry: 'no',
  fault: 'unknown',
  subclass: '',
  wait_seconds: null,
});
const record = (time: string): Counted => ({
  ts: Date.parse(time),
  status: 200,
  latency_ms: 1,
  input_tokens: 0,
  output_tokens: 0,
  cost_usd: 0,
  retry_count: 0,
  rate_limit: null,
});
const dimensions = byCallerDimension(() => '');
const DAY = Date.parse('2026-11-27T00:00:00Z') / 86_400_000;

test('a batch says how its requests and failures spread over days of UTC, without what was taken back', () => {
  const groups = new CountGroups();
  const caller = callers.of(dimensions);
  for (const time of ['2026-11-27T23:59:59.999Z', '2026-11-28T00:00:00Z', '2016-01-01T00:00:00Z'])
    groups.add(record(time), caller, judged('ok'));
  groups.add(record('2026-11-27T12:00:00Z'), caller, judged('timeout'));
  groups.add(record('2026-11-29T12:00:00Z'), caller, judged('timeout'));
  groups.subtract(record('2026-11-29T12:00:00Z'), dimensions, judged('timeout'));
  expect(groups.days()).toEqual([
    { day: Date.UTC(2016, 0, 1) / 86_400_000, counted: 1, failed: 0 },
    { day: DAY, counted: 2, failed: 1 },
    { day: DAY + 1, counted: 1, failed: 0 },
  ]);
});
