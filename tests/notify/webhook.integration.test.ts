import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDeliveries } from '../../store/queries/notifications.ts';
import { readIncidents } from '../../store/queries/incidents.ts';
import { insertCounts } from '../fixtures/insert-counts.ts';
import { countRow } from '../fixtures/traffic.ts';
import { until } from '../fixtures/until.ts';
import { type NotifyBench, startNotifyBench } from './analyzers.ts';
import { isSigned, type Receiver, startReceiver } from './receiver.ts';

const SECRET = 'a secret of a test';
let receiver: Receiver;
/** Accepts every message and never answers. */
let silent: Receiver;
let bench: NotifyBench;

beforeAll(async () => {
  receiver = await startReceiver();
  silent = await startReceiver();
  silent.answer = () => ({ status: 0 });
  const notify = {
    receivers: {
      hook: { type: 'webhook', url: receiver.url, secret: 'env:HOOK_SECRET' },
      silent: { type: 'webhook', url: silent.url },
    },
  };
  bench = await startNotifyBench(notify, {
    env: { HOOK_SECRET: SECRET },
    settings: {
      analyzers: {
        settle_seconds: 1,
        pending_seconds: 0,
        quota_exhausted: { clear_seconds: 10, window_seconds: 20 },
      },
    },
  });
});

afterAll(async () => {
  await bench?.close();
  await receiver?.close();
  await silent?.close();
});

const interval = (): number => Math.floor(Date.now() / 10_000) * 10;

test('an incident is sent to a webhook with a signature, and its end has the same dedup key', async () => {
  const failing = {
    org: 'acme',
    project: 'chat',
    class: 'quota_exceeded',
    subclass: 'credit_balance',
    requests: 20,
  } as const;
  const at = interval();
  await insertCounts(
    bench.store,
    [at - 20, at - 10].map((ts) => countRow({ ...failing, ts })),
    'failures',
  );
  const program = bench.start();
  const firing = await until(
    'the webhook is told',
    () => {
      if (program.child.exitCode !== null) throw new Error(program.stderr());
      return receiver.received[0] ?? null;
    },
    180_000,
  );
  const [stored] = await readIncidents(bench.store, { kinds: ['quota_exhausted'] });
  expect(isSigned(firing, SECRET)).toBe(true);
  expect(Math.abs(Number(firing.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
  expect(firing.headers['idempotency-key']).toBe(firing.body['idempotency_key']);
  expect(firing.body).toMatchObject({
    version: 1,
    event: 'firing',
    receiver: 'hook',
    dedup_key: `faultline/${stored?.incident.id}`,
    title: 'CRITICAL Quota exhausted: openai / acme',
    text: expect.stringContaining('; quota: prepaid credit'),
    incidents: [{ incident: { id: stored?.incident.id, kind: 'quota_exhausted', state: 'firing' } }],
  });

  // From now on requests succeed again.
  let sent = 0;
  const resolved = await until(
    'the webhook is told of the end',
    async () => {
      const ts = interval();
      if (ts > sent)
        await insertCounts(
          bench.store,
          [countRow({ org: 'acme', project: 'chat', ts, requests: 50 })],
          `ok ${ts}`,
        );
      sent = ts;
      return receiver.received[1] ?? null;
    },
    180_000,
  );
  expect(resolved.body).toMatchObject({ event: 'resolved', dedup_key: firing.body['dedup_key'] });
  expect(resolved.body['idempotency_key']).not.toBe(firing.body['idempotency_key']);
  expect(isSigned(resolved, SECRET)).toBe(true);

  const log = await until('the log holds both', async () => {
    const deliveries = (await readDeliveries(bench.store, { since: 0 })).filter(
      (one) => one.receiver === 'hook',
    );
    return deliveries.length === 2 && deliveries.every(({ state }) => state === 'sent') && deliveries;
  });
  expect(log.map(({ event, attempts, answer }) => ({ event, attempts, answer }))).toEqual([
    { event: 'resolved', attempts: 1, answer: '200 ok' },
    { event: 'firing', attempts: 1, answer: '200 ok' },
  ]);
  // The receiver that never answers has not delayed the other, and the state of the receivers shows that it does not
  // answer.
  const url = /"url":"(http:[^"]+)"/.exec(program.stderr())?.[1] ?? '';
  const health = await until(
    'health names the receiver',
    async () => {
      const answer = await (await fetch(`${url}/readyz`)).text();
      return answer.includes('receivers_failing') && answer;
    },
    180_000,
  );
  expect(JSON.parse(health)).toMatchObject({
    state: 'degraded',
    reasons: [{ detail: '1 of 2 receivers do not take notifications' }],
  });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain(
    'faultline_notification_tries_total{receiver="hook",channel="webhook",result="sent"} 2',
  );
  expect(metrics).toMatch(/faultline_notifications_waiting\{receiver="silent",channel="webhook"\} 1/);
  // All tries to tell the beginning have one key, and those to tell the end have another.
  expect(silent.received.length).toBeGreaterThan(2);
  expect(new Set(silent.received.map(({ body }) => body['idempotency_key'])).size).toBe(2);
  program.child.kill('SIGTERM');
  expect((await program.finished).code, program.stderr()).toBe(0);
  expect(program.stderr()).not.toContain(SECRET);
  expect(receiver.received).toHaveLength(2);
}, 600_000);
