// Measures the cost of notifications after a year, with 1,000 open incidents: of the first pass, which looks at
// everything, and of the later passes, of which there is one every 5 s.
// node bench/notify.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Notifier } from '../analyzers/notify/notifier.ts';
import { notifyStoreOf } from '../analyzers/notify/notify-store.ts';
import { settingsSchema } from '../domain/settings.ts';
import { openStore } from '../store/connect.ts';
import { migrate } from '../store/migrate.ts';
import { sampleIncident } from '../tests/notify/sample-incidents.ts';

const DAYS = 365;
/** Incidents a day; each is written `VERSIONS` times. */
const PER_DAY = 50;
const VERSIONS = 30;
const OPEN = 1_000;

const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
const store = await openStore({
  url: '',
  path: folder,
  database: 'bench',
  user: '',
  password: '',
  cluster: '',
});
await migrate(store);
const now = Math.floor(Date.now() / 1000);
const columns =
  'id, version, kind, state, severity, scope, started_at, detected_at, resolved_at, summary, verdict_party, verdict_why, evidence, remedy, written_at';
const sample = sampleIncident('x', now);
const params = {
  now,
  scope: JSON.stringify(sample.scope),
  evidence: JSON.stringify(sample.evidence),
  remedy: JSON.stringify(sample.remedy),
  text: 'An organization has used up its quota, and all its requests fail since. '.repeat(3),
};
const insert = (source: string): Promise<void> =>
  store.command(
    `INSERT INTO incidents (${columns}) SELECT id, version, 'quota_exhausted', state, 'critical', {scope:String},
      at, at, if(state = 'firing', NULL, at + 600), {text:String}, 'account', {text:String}, {evidence:String}, {remedy:String}, at
     FROM (${source})`,
    params,
  );
await insert(
  `SELECT toString(cityHash64(intDiv(number, ${VERSIONS}))) AS id, number % ${VERSIONS} + 1 AS version, 'resolved' AS state,
     toDateTime({now:UInt32} - 7200 - intDiv(number, ${VERSIONS}) * ${Math.floor(86_400 / PER_DAY)}) AS at
   FROM numbers(${DAYS * PER_DAY * VERSIONS})`,
);
await insert(
  `SELECT concat('open', toString(number)) AS id, {now:UInt64} * 1000 AS version, 'firing' AS state,
     toDateTime({now:UInt32} - 600) AS at FROM numbers(${OPEN})`,
);
await store.command(
  `INSERT INTO notifications (id, version, receiver, channel, state, event, incidents, content, decided_at, next_at)
   SELECT toString(number), 1, 'hook', 'webhook', 'sent', 'firing', [toString(cityHash64(number))], {content:String},
     toDateTime({now:UInt32} - 7200 - number * 600), toDateTime({now:UInt32}) FROM numbers(${90 * 144})`,
  { now, content: JSON.stringify([sample]) },
);

const settings = settingsSchema.parse({
  notify: { receivers: { hook: { type: 'webhook', url: 'http://127.0.0.1/' } } },
}).notify;
let sent = 0;
const notifier = new Notifier({
  store: notifyStoreOf(store),
  settings,
  channels: new Map([
    [
      'hook',
      {
        type: 'webhook',
        groups: true,
        tells_past: true,
        where: async () => '',
        send: async () => {
          sent++;
          return { ok: true, text: '' };
        },
      },
    ],
  ]),
  monotonic: () => performance.now(),
  chance: () => 0.5,
  newHolder: () => 'bench',
  events: { tried: () => undefined, leads: () => undefined, refreshFailed: () => undefined },
});
// A new analyzer waits before it sends. This pass and the wait are not measured.
await notifier.pass();
await new Promise((resolve) => setTimeout(resolve, 11_000));

const [rows] = await store.query<{ incidents: number; notifications: number }>(
  'SELECT (SELECT count() FROM incidents) AS incidents, (SELECT count() FROM notifications) AS notifications',
);
console.log(
  `${rows?.incidents} versions of incidents, ${OPEN} open, ${rows?.notifications} messages in the log`,
);
const measure = async (what: string, act: () => Promise<void>): Promise<void> => {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await act();
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${what}: ${Math.round(performance.now() - began)} ms, ${Math.round((user + system) / 1000)} ms of CPU`,
  );
};
await measure('the first pass as the sender, which looks at everything and decides 1,000 messages', () =>
  notifier.pass(),
);
await measure('sending these to a receiver that answers at once', async () => {
  while (sent < OPEN) {
    await notifier.settled();
    await notifier.pass();
  }
});
for (let i = 1; i <= 3; i++)
  await measure(`pass ${i} with 1,000 open and nothing new`, () => notifier.pass());
console.log(
  `${sent} sent, ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MiB of memory with the engine`,
);
await store.close();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
process.exit(0);
