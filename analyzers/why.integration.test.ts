import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noMarks, silencesOf } from '../domain/attention.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import {
  noteSettings,
  readKnownOpen,
  readSettingsAt,
  readVersions,
} from '../store/queries/incident-versions.ts';
import { readIncidents } from '../store/queries/incidents.ts';
import type { Store } from '../store/store.ts';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { detectors } from './kinds/kinds.ts';
import { replayRange } from './replay.ts';
import { timelineOf } from './timeline.ts';
import { pendingAt, whyAt } from './why.ts';

const MINUTE = 60;
let directory: string;
let store: Store;

const web: Stream = { from: 0, to: 120, per_minute: 120, client: 'web', model: 'm', project: 'shop' };
const few: Stream = { from: 0, to: 120, per_minute: 6, client: 'few', model: 'm', project: 'shop' };
const gone: Stream = { from: 0, to: 70, per_minute: 6, client: 'gone', model: 'm', project: 'shop' };
const tiny: Stream = { ...web, org: 'org-tiny', client: 'tiny', per_minute: 1 };
const rows = traffic([
  web,
  { ...tiny, to: 60 },
  { ...tiny, from: 60, class: 'rate_limit' },
  few,
  gone,
  { ...web, from: 80, to: 100, per_minute: 60, class: 'rate_limit' },
  { ...few, from: 80, to: 100, per_minute: 1, class: 'rate_limit' },
]);
const end = START + 120 * MINUTE;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-why-'));
  store = await openEmbedded(directory);
  await migrate(store);
  await insertCounts(store, rows);
  await replayRange(store, START * 1000, end * 1000, defaults);
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const why = (kind: IncidentKind, scope: object, minute: number, settings = defaults) => {
  const detector = detectors.find((one) => one.kind === kind);
  if (detector === undefined) throw new Error(kind);
  return whyAt(store, detector, settings, { scope, at: START + minute * MINUTE, now: null });
};

test('a scope over the threshold has its numbers and the open incident', async () => {
  const { answers, reason } = await why('rate_limit_surge', { client: 'web' }, 90);
  expect(reason).toBeNull();
  const [incident] = await readIncidents(store, { kinds: ['rate_limit_surge'] });
  expect(answers).toMatchObject([
    {
      reason: 'above',
      level: 'breach',
      requests: 180,
      matching: 60,
      thresholds: { count: 10, share: 0.05 },
      incidents: [{ id: incident?.incident.id, state: 'firing' }],
    },
  ]);
});

test('a small caller over the threshold of the longer window has the numbers of that window', async () => {
  const { answers } = await why('rate_limit_surge', { client: 'tiny' }, 90);
  expect(answers).toMatchObject([
    { reason: 'above', requests: 5, matching: 5, window_seconds: 300, thresholds: { count: 10 } },
  ]);
});

test.each<[string, object, number, string]>([
  ['a caller with too few such answers', { client: 'few' }, 90, 'too_few'],
  ['a caller before anything failed', { client: 'web' }, 60, 'none'],
  ['a caller that no longer sends', { client: 'gone' }, 90, 'quiet'],
  ['a caller whose last request is older than the kind looks back', { client: 'gone' }, 900, 'quiet'],
  ['a caller that never existed', { client: 'nobody' }, 90, 'unknown_scope'],
])('%s was not in breach, and the answer says why', async (_name, scope, minute, expected) => {
  const { answers, reason } = await why('rate_limit_surge', scope, minute);
  expect(reason ?? answers[0]?.reason).toBe(expected);
});

test('the answer has the threshold of that time', async () => {
  const settings = { ...defaults, rate_limit_surge: { ...defaults.rate_limit_surge, share: 0.9 } };
  const { answers } = await why('rate_limit_surge', { client: 'web' }, 90, settings);
  expect(answers[0]?.reason).toBe('below_share');
  const off = { ...defaults, rate_limit_surge: { ...defaults.rate_limit_surge, enabled: false } };
  expect(await why('rate_limit_surge', { client: 'web' }, 90, off)).toMatchObject({ reason: 'disabled' });
  const overrides = [{ where: { org: 'org-acme' }, rate_limit_surge: { enabled: false } }];
  const some = await why('rate_limit_surge', { client: 'web' }, 90, { ...defaults, overrides });
  expect(some.answers[0]?.reason).toBe('disabled');
});

test('a time that is not judged yet has no answer', async () => {
  const [detector] = detectors;
  if (detector === undefined) throw new Error('no kind');
  const at = START + 90 * MINUTE;
  expect(await whyAt(store, detector, defaults, { scope: {}, at, now: at })).toMatchObject({
    reason: 'not_yet',
  });
});

test('an incident that fired ten seconds later was pending', async () => {
  const [one] = await readIncidents(store, { kinds: ['rate_limit_surge'] });
  const fired = Date.parse(one?.incident.detected_at ?? '') / 1000;
  const kind = { kind: 'rate_limit_surge' } as const;
  const at = (seconds: number) => pendingAt(store, kind, { scope: { client: 'web' }, at: seconds });
  expect((await at(fired - 10)).map(({ id }) => id)).toEqual([one?.incident.id]);
  expect(await at(fired)).toEqual([]);
  expect(await at(fired - 30)).toEqual([]);
});

test('the timeline has beginning, numbers and end, and stays the same when everything is judged again and merged', async () => {
  const [one] = await readIncidents(store, { kinds: ['rate_limit_surge'] });
  if (one === undefined) throw new Error('no incident');
  const none = { deliveries: [], acknowledgement: null, silences: [], related: [] };
  const read = async () =>
    timelineOf(one.incident, { ...none, versions: await readVersions(store, one.incident.id) });
  const timeline = await read();
  expect(timeline.map(({ event }) => event).filter((event) => event !== 'numbers')).toEqual([
    'began',
    'pending',
    'firing',
    'resolved',
  ]);
  expect(timeline.find(({ event }) => event === 'firing')).toMatchObject({
    at: one.incident.detected_at,
    numbers: { refused_requests: expect.any(Number) },
  });
  // There is one row in ten minutes and not one a minute.
  expect(timeline.filter(({ event }) => event === 'numbers').length).toBeLessThanOrEqual(4);
  await replayRange(store, START * 1000, end * 1000, defaults);
  expect(await read()).toEqual(timeline);
  await store.command('OPTIMIZE TABLE incident_versions FINAL', {});
  expect(await read()).toEqual(timeline);
});

test('settings are stored when they change, and only then', async () => {
  const at = START;
  await noteSettings(store, at, '{"a":1}');
  await noteSettings(store, at + 1_000, '{"a":1}');
  await noteSettings(store, at + 2_000, '{"a":2}');
  expect(await readSettingsAt(store, at + 1_999)).toEqual({ since: at, settings: '{"a":1}' });
  expect(await readSettingsAt(store, at + 2_000)).toEqual({ since: at + 2_000, settings: '{"a":2}' });
  expect(await readSettingsAt(store, at - 1)).toBeNull();
});

test('an incident of old requests was known as open when its versions were written, and not when it happened', async () => {
  const [found] = await readIncidents(store, { kinds: ['rate_limit_surge'] });
  if (found === undefined) throw new Error('no incident');
  const known = await readKnownOpen(store, found.incident.id);
  const written = await store.query<{ first: number; last: number }>(
    `SELECT toUnixTimestamp(min(written_at)) AS first, toUnixTimestamp(max(written_at)) AS last FROM incident_versions`,
  );
  expect(known?.from).toBeGreaterThanOrEqual(written[0]?.first ?? Number.NaN);
  expect(known?.to).toBeLessThanOrEqual((written[0]?.last ?? Number.NaN) + 1);
  expect(known?.to ?? 0).toBeGreaterThanOrEqual(known?.from ?? Number.NaN);
  const clock = { ...found.incident, kind: 'rate_limit_surge' as const };
  const silence = {
    id: 's',
    kinds: [],
    scope: {},
    starts_at: (known?.from ?? 0) - 60,
    ends_at: (known?.to ?? 0) + 60,
    every_seconds: 0,
    planned: false,
    by: 'ann',
    note: '',
    ended_at: null,
  };
  const said = { ...noMarks, silences: [silence] };
  expect(silencesOf(clock, said, silence.ends_at, known)).toEqual([silence]);
  expect(silencesOf(clock, said, silence.ends_at, null)).toEqual([]);
  expect(await readKnownOpen(store, 'ffffffffffffffff')).toBe(null);
});
