import { expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { defaults, play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';
import { timelineOf } from './timeline.ts';
import { toStored } from './to-stored.ts';

const web: Stream = { from: 0, to: 100, per_minute: 120, client: 'web', model: 'm' };
const { changes } = play(traffic([web, { ...web, from: 60, to: 70, per_minute: 40, class: 'rate_limit' }]), {
  settings: defaults,
  detectors: [rateLimitSurge],
});
const versions = changes.map(({ live }) => toStored(live));
const last = versions.at(-1)?.incident as Incident;
const none = { deliveries: [], acknowledgement: null, silences: [], related: [] };

test('findings, acts of people and messages are one list in the order of time', () => {
  const fired = Date.parse(last.detected_at) / 1000;
  const events = timelineOf(last, {
    versions,
    deliveries: [
      {
        id: 'd',
        version: 1,
        receiver: 'pager',
        channel: 'webhook',
        state: 'sent',
        event: 'firing',
        incidents: [],
        decided_at: fired + 5,
        tried_at: fired + 6,
        next_at: 0,
        attempts: 1,
        answer: '200',
      },
    ],
    acknowledgement: { incident: last.id, at: fired + 61, reopened: 0, by: 'ann', note: 'on it' },
    silences: [],
    related: [],
  }).filter(({ event }) => event !== 'numbers');
  expect(events.map(({ event }) => event)).toEqual([
    'began',
    'pending',
    'firing',
    'told',
    'acknowledged',
    'resolved',
  ]);
  expect(events[3]?.text).toBe('pager: firing, sent (200)');
  expect(events[4]?.text).toBe('by ann: on it');
});

test('an incident without stored versions still has the times when it began and fired', () => {
  const events = timelineOf(last, { ...none, versions: [] });
  expect(events.map(({ event, at }) => [event, at])).toEqual([
    ['began', last.started_at],
    ['firing', last.detected_at],
  ]);
});

test('a change of severity or scope shows the old and the new value', () => {
  const [first] = versions;
  if (first === undefined) throw new Error('no version');
  const worse = {
    ...first,
    version: first.version + 60_000,
    incident: {
      ...first.incident,
      severity: 'critical' as const,
      scope: { provider: 'openai' },
      related: ['x'],
    },
  };
  const texts = timelineOf(last, { ...none, versions: [first, worse] }).map(
    ({ event, text }) => `${event}: ${text}`,
  );
  expect(texts).toContain('severity: warning -> critical');
  expect(texts).toContain('consequence: x');
  const storm = { ...first.incident, id: 'x', kind: 'retry_storm' as const, started_at: last.started_at };
  const named = (related: Incident): string | undefined =>
    timelineOf(last, { ...none, versions: [first, worse], related: [related] }).find(
      ({ event }) => event === 'consequence',
    )?.text;
  expect(named(storm)).toBe('Retry storm x');
  expect(named({ ...storm, started_at: '2020-01-01T00:00:00Z' })).toContain(
    'first answers came at 2020-01-01',
  );
  expect(texts.some((text) => text.startsWith('scope: client web') && text.endsWith('-> openai'))).toBe(true);
});
