import { describe, expect, test } from 'vitest';
import { resolvedOf, sampleIncident } from '../../../tests/notify/sample-incidents.ts';
import type { Notice } from '../channel.ts';
import { backoffSeconds } from '../attempt.ts';
import { withoutSecrets } from '../http.ts';
import { noticeText } from '../text.ts';
import { alertOf } from './alertmanager.ts';
import { mailOf } from './email.ts';
import { pagerdutyEvent } from './pagerduty.ts';
import { slackBody } from './slack.ts';
import { signature, webhookBody } from './webhook.ts';

const t = Date.UTC(2026, 10, 2, 17, 8, 20) / 1000;
const incident = sampleIncident('a1', t);
const notice = (fields: Partial<Notice> = {}): Notice => ({
  key: 'key',
  event: 'firing',
  receiver: 'r',
  incidents: [incident],
  ...noticeText([incident], 'firing', t),
  url: '',
  sent_at: t,
  ...fields,
});

test('a signature equals the example of the Standard Webhooks specification', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(signature(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('a webhook receives a group under one key, and each incident under its own', () => {
  const two = webhookBody(notice({ incidents: [incident, sampleIncident('a2', t)] }));
  expect(two).toMatchObject({
    dedup_key: 'faultline/group/key',
    incidents: [{ dedup_key: 'faultline/a1' }, { dedup_key: 'faultline/a2' }],
  });
  expect(webhookBody(notice())).toMatchObject({ dedup_key: 'faultline/a1', idempotency_key: 'key' });
});

test('characters with a meaning in a chat are escaped', () => {
  const hostile = sampleIncident('a1', t, { scope: { org: '<!channel> & co' } });
  const body = slackBody(notice({ incidents: [hostile], ...noticeText([hostile], 'firing', t) }));
  expect(JSON.stringify(body)).toContain('&lt;!channel&gt; &amp; co');
  expect(JSON.stringify(body)).not.toContain('<!channel>');
});

test('a pager receives the end under the key of the beginning', () => {
  const key = { dedup_key: 'faultline/a1' };
  expect(pagerdutyEvent(notice(), 'k')).toMatchObject({ ...key, event_action: 'trigger' });
  expect(pagerdutyEvent(notice({ event: 'resolved' }), 'k')).toEqual({
    ...key,
    routing_key: 'k',
    event_action: 'resolve',
  });
});

test('a name cannot add a header to a mail', () => {
  const hostile = sampleIncident('a1', t, { scope: { org: 'a\r\nBcc: x@example.com' } });
  const { subject } = mailOf(
    notice({ incidents: [hostile], ...noticeText([hostile], 'firing', t) }),
    'f@e.com',
    ['t@e.com'],
  );
  expect(subject).not.toMatch(/[\r\n]/);
});

describe('an alert of Alertmanager', () => {
  test('keeps its labels, whatever changes in the life of the incident', () => {
    const labels = (one: typeof incident): unknown => alertOf(one, 'firing', t, '');
    const later = {
      ...incident,
      severity: 'warning' as const,
      verdict: { party: 'key' as const, why: '' },
      scope: { ...incident.scope, project: 'chat' },
    };
    expect(labels(later)).toMatchObject({ labels: (labels(incident) as { labels: object }).labels });
  });
  test('ends some time after it was last repeated while it fires, and at once when it is resolved', () => {
    expect(alertOf(incident, 'firing', t, '')).toMatchObject({ endsAt: '2026-11-02T17:13:20.000Z' });
    expect(alertOf(resolvedOf(incident, t), 'resolved', t + 60, '')).toMatchObject({
      endsAt: '2026-11-02T17:09:20.000Z',
    });
  });
});

test('a secret that a receiver repeats is hidden', () => {
  expect(
    withoutSecrets('no such hook https://h/SECRET, key SECRET', ['https://h/SECRET', 'SECRET', '']),
  ).toBe('no such hook ***, key ***');
});

test('pauses between tries double up to ten minutes, spread by chance', () => {
  expect([1, 2, 3, 7, 8, 50].map((attempts) => backoffSeconds(attempts, 0.5))).toEqual([
    5, 10, 20, 320, 600, 600,
  ]);
  expect(backoffSeconds(1, 0)).toBe(3.75);
});
