import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Incident } from '../../domain/incident.ts';
import { startFaultline } from '../fixtures/run-faultline.ts';
import { until } from '../fixtures/until.ts';
import { freePort } from '../kafka/free-port.ts';
import { startReceiver } from './receiver.ts';

/** Requests that fail because the quota is exhausted, one a second. */
function failures(from: number, org: string): string {
  return Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({
      ts: new Date((from + i) * 1000).toISOString(),
      org,
      status: 429,
      error: {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
        message: 'You exceeded your current quota.',
      },
    }),
  )
    .map((line) => `${line}\n`)
    .join('');
}

test('incidents of an import are stored but not sent if they are of the past, and sent if they are of the present', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-history-'));
  const receiver = await startReceiver();
  const port = await freePort();
  const file = path.join(folder, 'requests.ndjson');
  const now = Date.now() / 1000;
  await writeFile(file, failures(now - 2 * 86_400, 'past') + failures(now - 30, 'present'));
  await writeFile(
    path.join(folder, 'faultline.yaml'),
    stringify({
      clickhouse: { path: path.join(folder, 'data') },
      console: { port },
      notify: { receivers: { hook: { type: 'webhook', url: receiver.url } } },
    }),
  );
  const program = startFaultline(['start', '--source', file], { cwd: folder });
  const ask = async (what: string): Promise<string> =>
    fetch(`http://127.0.0.1:${port}${what}`).then(
      (answer) => answer.text(),
      () => '',
    );
  const orgs = async (): Promise<string[]> => {
    const text = await ask('/api/v1/incidents');
    const incidents = text === '' ? [] : ((JSON.parse(text) as { incidents?: Incident[] }).incidents ?? []);
    return incidents.map(({ scope }) => scope.org ?? '');
  };
  try {
    await until('both incidents are shown', async () => (await orgs()).toSorted().join() === 'past,present');
    const told = await until(
      'the incident of the present is told',
      () => receiver.received[0] ?? null,
      180_000,
    );
    expect(told.body).toMatchObject({
      event: 'firing',
      incidents: [{ incident: { scope: { org: 'present' } } }],
    });
    await until('a later pass finds nothing to send', async () =>
      (await ask('/metrics')).includes(
        'faultline_notifications_waiting{receiver="hook",channel="webhook"} 0',
      ),
    );
    program.child.kill('SIGTERM');
    expect((await program.finished).code, program.stderr()).toBe(0);
    expect(receiver.received).toHaveLength(1);
  } finally {
    program.child.kill('SIGKILL');
    await receiver.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
