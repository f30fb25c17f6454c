import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDeliveries } from '../../store/queries/notifications.ts';
import type { Running } from '../fixtures/run-faultline.ts';
import { until } from '../fixtures/until.ts';
import { type AlertmanagerProcess, startAlertmanager } from './alertmanager.ts';
import { type NotifyBench, startNotifyBench } from './analyzers.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { resolvedOf, sampleIncident, writeAt } from './sample-incidents.ts';
import { type Mailbox, startMailbox } from './smtp.ts';

const PASSWORD = 'password-of-a-test';
const ROUTING_KEY = 'routing-key-of-a-test';
const now = (): number => Date.now() / 1000;

let alertmanager: AlertmanagerProcess;
let fromAlertmanager: Receiver;
let mailbox: Mailbox;
let chat: Receiver;
let pager: Receiver;
let bench: NotifyBench;
let program: Running;

beforeAll(async () => {
  [fromAlertmanager, chat, pager] = await Promise.all([startReceiver(), startReceiver(), startReceiver()]);
  pager.answer = () => ({ status: 202, text: '{"status":"success"}' });
  alertmanager = await startAlertmanager(fromAlertmanager.url);
  mailbox = await startMailbox('faultline', PASSWORD);
  const receivers = {
    alerts: { type: 'alertmanager', url: alertmanager.url },
    mail: {
      type: 'email',
      smtp: mailbox.smtp,
      user: 'faultline',
      password: 'env:MAIL_PASSWORD',
      from: 'faultline@example.com',
      to: ['oncall@example.com', 'team@example.com'],
    },
    chat: { type: 'slack', url: 'env:CHAT_URL' },
    pager: { type: 'pagerduty', url: pager.url, routing_key: 'env:PAGER_KEY' },
  };
  bench = await startNotifyBench(
    { receivers, url: 'http://console.example.com' },
    {
      env: {
        MAIL_PASSWORD: PASSWORD,
        PAGER_KEY: ROUTING_KEY,
        CHAT_URL: chat.url,
        NODE_EXTRA_CA_CERTS: mailbox.authority,
      },
    },
  );
});

afterAll(async () => {
  await bench?.close();
  await Promise.all([alertmanager?.stop(), mailbox?.stop()]);
  await Promise.all([fromAlertmanager, chat, pager].map((one) => one?.close()));
});

test('Alertmanager, an SMTP server, a chat and a pager get firing and resolved', async () => {
  const incident = sampleIncident('a1b2c3', now());
  await writeAt(bench.store, now(), [incident]);
  program = bench.start();
  const all = (n: number): boolean =>
    [chat.received, pager.received, mailbox.mails].every((got) => got.length >= n);
  await until('all are told', () =>
    program.child.exitCode === null ? all(1) : Promise.reject(new Error(program.stderr())),
  );

  const told = await until('Alertmanager tells its own receiver', () => fromAlertmanager.received[0] ?? null);
  expect(told.body).toMatchObject({
    status: 'firing',
    alerts: [
      {
        labels: {
          alertname: 'Quota exhausted',
          incident: 'a1b2c3',
          severity: 'critical',
          provider: 'openai',
          org: 'acme',
        },
        generatorURL: 'http://console.example.com',
      },
    ],
  });
  expect(mailbox.mails[0]).toMatchObject({
    from: 'faultline@example.com',
    to: ['oncall@example.com', 'team@example.com'],
    isEncrypted: true,
    user: 'faultline',
  });
  expect(mailbox.mails[0]?.raw).toContain('Subject: CRITICAL Quota exhausted: openai / acme');
  expect(mailbox.mails[0]?.raw).toContain(
    '1,234 requests failed, 900 of them useless retries; quota: prepaid credit',
  );
  expect(chat.received[0]?.body['text']).toContain('*CRITICAL Quota exhausted: openai / acme*');
  expect(pager.received[0]?.body).toMatchObject({
    routing_key: ROUTING_KEY,
    event_action: 'trigger',
    dedup_key: 'faultline/a1b2c3',
    payload: { severity: 'critical', source: 'openai / acme' },
  });

  // While the incident fires, the end of the alert must keep moving; otherwise Alertmanager ends it.
  const endsAt = async (): Promise<number> => Date.parse((await alertmanager.alerts())[0]?.endsAt ?? '');
  const first = await endsAt();
  await until('the end has moved', async () => (await endsAt()) > first + 30_000, 90_000);

  const end = now();
  await writeAt(bench.store, end, [resolvedOf(incident, end)]);
  await until('all are told of the end', () => all(2));
  expect(pager.received[1]?.body).toEqual({
    routing_key: ROUTING_KEY,
    event_action: 'resolve',
    dedup_key: 'faultline/a1b2c3',
  });
  expect(mailbox.mails[1]?.raw).toContain('Subject: Resolved: Quota exhausted: openai / acme');
  const thread = /^References: (.*)$/m;
  expect(thread.exec(mailbox.mails[1]?.raw ?? '')?.[1]).toBe(thread.exec(mailbox.mails[0]?.raw ?? '')?.[1]);
  expect(chat.received[1]?.body['text']).toContain('*Resolved: Quota exhausted');
  const over = await until(
    'Alertmanager tells of the end',
    () => fromAlertmanager.received.find(({ body }) => body['status'] === 'resolved') ?? null,
  );
  expect(over.body).toMatchObject({ alerts: [{ status: 'resolved', labels: { incident: 'a1b2c3' } }] });
  // Every receiver got two messages, the beginning and the end: no message came twice.
  expect([chat, pager].map(({ received }) => received.length)).toEqual([2, 2]);
  expect(mailbox.mails).toHaveLength(2);
}, 240_000);

test('no secret is logged, neither in the log of messages nor on stderr', async () => {
  const log = await readDeliveries(bench.store, { since: 0 });
  expect(log).toHaveLength(8);
  const rows = await bench.store.query('SELECT * FROM notifications');
  program.child.kill('SIGTERM');
  await program.finished;
  for (const secret of [PASSWORD, ROUTING_KEY, chat.url])
    for (const text of [JSON.stringify(rows), program.stderr(), program.stdout()])
      expect(text).not.toContain(secret);
});
