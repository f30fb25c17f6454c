import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { openEmbedded } from '../fixtures/embedded-store.ts';
import { migrate } from '../../store/migrate.ts';
import { writeDeliveries } from '../../store/queries/notifications.ts';
import { type Finished, jsonOf, runFaultline } from '../fixtures/run-faultline.ts';
import { isSigned, type Receiver, startReceiver } from './receiver.ts';
import { sampleIncident, writeAt } from './sample-incidents.ts';

let folder: string;
let receiver: Receiver;
const now = Math.floor(Date.now() / 1000);
const SECRET = 'secret-of-a-test';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-commands-'));
  receiver = await startReceiver();
  await writeFile(path.join(folder, 'secret'), `${SECRET}\n`);
  const receivers = {
    hook: { type: 'webhook', url: receiver.url, secret: `file:${path.join(folder, 'secret')}` },
    chat: { type: 'slack', url: 'env:CHAT' },
  };
  const data = path.join(folder, 'data');
  await writeFile(
    path.join(folder, 'faultline.yaml'),
    stringify({ clickhouse: { path: data }, notify: { receivers } }),
  );
  const store = await openEmbedded(data);
  await migrate(store);
  const other = sampleIncident('bb22cc', now, { scope: { provider: 'openai', org: 'other' } });
  await writeAt(store, now, [sampleIncident('aa11bb', now), other]);
  await writeDeliveries(store, [
    {
      id: 'k',
      version: 1,
      receiver: 'hook',
      channel: 'webhook',
      state: 'failed',
      event: 'firing',
      incidents: [other],
      decided_at: now,
      tried_at: now,
      next_at: now + 5,
      attempts: 1,
      answer: '503 later',
    },
  ]);
  await store.close();
});

afterAll(async () => {
  await receiver?.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Finished> =>
  runFaultline(args, {
    cwd: folder,
    env: { CHAT: receiver.url.replace('/hook', '/chat/token-of-a-test'), USER: 'ana' },
  });

/**
 * Returns the output of a command that must succeed. If the command fails, the error contains what it wrote to stderr.
 */
async function outputOf(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

test('an incident is acknowledged, and the next reader sees by whom', async () => {
  expect(await run('incidents', 'ack', 'aa11', '--note', 'on it')).toMatchObject({
    code: 0,
    stdout: 'aa11bb quota_exhausted: acknowledged by ana\n',
  });
  const listed = jsonOf(await run('incidents', '--format', 'json')) as {
    id: string;
    attention?: { state: string };
  }[];
  const [one, other] = listed;
  expect([one, other].map((found) => [found?.id, found?.attention?.state])).toEqual([
    ['aa11bb', 'acknowledged'],
    ['bb22cc', undefined],
  ]);
  expect(await outputOf('incidents', 'aa11')).toMatch(/attention +acknowledged by ana at .* UTC: on it/);
  await outputOf('incidents', 'ack', 'aa11', '--undo');
  expect(await outputOf('incidents')).not.toContain('acknowledged');
});

test('a silence is added, listed, shown at its incident, and ended', async () => {
  const stdout = await outputOf('silence', 'add', '--where', 'org=other', '--for', '2h', '--by', 'ben');
  const id = /^(\w+): silence of org=other, until /.exec(stdout)?.[1] ?? '';
  expect(await outputOf('silence', 'list')).toMatch(
    new RegExp(`${id} +active +silence of org=other, .* +ben`),
  );
  expect(await outputOf('incidents')).toMatch(/bb22cc +firing, silenced/);
  expect((await run('silence', 'end', id.slice(0, 5))).code).toBe(0);
  expect(await outputOf('incidents')).not.toContain('silenced');
});

test('an incident shows which receivers were told', async () => {
  expect(await outputOf('incidents', 'bb22')).toMatch(/told +hook at .* UTC: firing, failed \(503 later\)/);
  expect(await outputOf('notify', 'log')).toMatch(
    /hook +firing +failed +1 +quota_exhausted bb22cc +503 later/,
  );
});

test('doctor names the receiver that accepts nothing', async () => {
  const checks = JSON.parse((await run('doctor', '--json')).stdout);
  expect(checks).toContainEqual({
    name: 'notify',
    result: 'fail',
    text: 'hook has not taken 1 messages (503 later): correct notify.receivers.hook, or see faultline notify test hook',
  });
});

test('a sample reaches each receiver, and the answers are shown without secrets', async () => {
  receiver.answer = ({ path: asked }) =>
    asked === '/hook' ? { status: 204 } : { status: 404, text: `no ${asked}` };
  const tested = await run('notify', 'test');
  expect(tested.code).toBe(1);
  expect(tested.stdout).toMatch(
    /^ok {4}hook \(webhook at 127\.0\.0\.1:\d+, \d+ ms\): firing: 204; resolved: 204$/m,
  );
  expect(tested.stdout).toMatch(
    /^fail {2}chat \(slack at 127\.0\.0\.1:\d+, \d+ ms\): firing: 404 no \*\*\*; resolved: not sent$/m,
  );
  expect(tested.stdout + tested.stderr).not.toContain('token-of-a-test');
  const [first, end] = receiver.received.filter(({ path: asked }) => asked === '/hook');
  if (first === undefined || end === undefined) throw new Error('the webhook was told twice');
  expect(isSigned(first, SECRET)).toBe(true);
  expect(first.body).toMatchObject({ event: 'firing', title: 'Slow Down surge: TEST / nothing is wrong' });
  expect(end.body).toMatchObject({ event: 'resolved', dedup_key: first.body['dedup_key'] });
  expect((await run('notify', 'test', 'hook')).code).toBe(0);
});
