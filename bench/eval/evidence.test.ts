import { expect, test } from 'vitest';
import type { Caller } from '../../simulate/caller.ts';
import type { SimulatedRecord } from '../../simulate/record.ts';
import type { TrueIncident } from '../../simulate/scenario.ts';
import { harborline } from '../../simulate/scenarios/harborline.ts';
import { evidenceOf } from './evidence.ts';

const START = Date.UTC(2026, 8, 1);
const [caller] = harborline as [Caller, ...Caller[]];
const truth: TrueIncident = {
  kind: 'error_surge',
  scope: { client: caller.client },
  party: null,
  classes: ['bad_request'],
  started_at: START,
  ended_at: START + 3_600_000,
  original_requests_per_minute: null,
};

/** One attempt a second: `x` fails, `r` is a failed first retry, `a` a failed later retry, `.` succeeds. */
function evidentAfter(attempts: string, usual: number, more: Partial<TrueIncident> = {}): number | null {
  const scenario = { background: { bad_request: usual }, callers: harborline };
  const evidence = evidenceOf([{ ...truth, ...more }], scenario);
  for (const [i, attempt] of attempts.split('').entries()) {
    const record: SimulatedRecord = {
      ts: START + i * 1_000,
      request_id: '',
      caller,
      status: 200,
      latency_ms: 0,
      ttft_ms: null,
      input_tokens: 0,
      output_tokens: 0,
      cost_usd: 0,
      retry_count: Math.max(0, 'xra'.indexOf(attempt)),
      headers: null,
      error: null,
      exception: '',
      label: attempt === '.' ? 'ok' : 'bad_request',
      subclass: '',
    };
    evidence.add(record);
  }
  const at = evidence.found()[0]?.evident_at ?? null;
  return at === null ? null : (at - START) / 1_000 + 1;
}

test.each<[string, string, number, Partial<TrueIncident>, number | null]>([
  ['four failures are never enough', 'xxxx', 0, {}, null],
  ['five failures are enough if none is usual', 'xxxxx', 0, {}, 5],
  ['five failures in ten requests are enough if one in a thousand is usual', '.x.x.x.x.x', 0.001, {}, 10],
  ['if a tenth is usual, five failures in a row are not enough, but seven are', 'xxxxxxxx', 0.1, {}, 7],
  ['if three tenths are usual, thirteen failures in a row are needed', 'x'.repeat(20), 0.3, {}, 13],
  ['the usual share of the incident counts too', 'x'.repeat(20), 0, { usual_share: 0.3 }, 13],
  [
    'successes before the first failure do not delay the evidence',
    `${'.'.repeat(1_000)}xxxxxxx`,
    0.1,
    {},
    1_007,
  ],
  ['failed retries count', 'xrarara', 0, {}, 5],
  ['five requests that failed again when retried are a storm', 'xrxrxrxrxr', 0, { kind: 'retry_storm' }, 10],
  ['one request that is retried often is no storm', 'xraaaaaaaaaaa', 0, { kind: 'retry_storm' }, null],
])('%s', (_name, attempts, usual, more, expected) => {
  expect(evidentAfter(attempts, usual, more)).toBe(expected);
});

test('failures before the incident, of another class or of other callers are no evidence', () => {
  expect(evidentAfter('xxxxx', 0, { started_at: START + 60_000 })).toBeNull();
  expect(evidentAfter('xxxxx', 0, { classes: ['not_found'] })).toBeNull();
  expect(evidentAfter('xxxxx', 0, { scope: { client: 'another' } })).toBeNull();
});
