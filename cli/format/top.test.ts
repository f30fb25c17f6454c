import { expect, test } from 'vitest';
import type { Incident } from '../../domain/incident.ts';
import { frame, pressed, type TopData } from './top.ts';

const PRESENT = Date.parse('2026-03-01T12:10:00Z');

const incident: Incident = {
  id: 'a1b2c3',
  kind: 'slow_down_surge',
  state: 'firing',
  severity: 'critical',
  scope: { provider: 'openai', org: 'acme' },
  started_at: '2026-03-01T12:00:00.000Z',
  detected_at: '2026-03-01T12:00:30.000Z',
  resolved_at: null,
  summary: 'Slow Down from openai.',
  verdict: { party: 'traffic', why: 'The rate doubled within five minutes.' },
  evidence: { original_requests_per_minute: 600, present_requests_per_minute: 1_300 },
  remedy: {
    steps: ['Return to 600 requests a minute.'],
    retry: 'after_wait',
    owner: 'calling service',
    docs: '',
  },
  sample_request_ids: [],
  related: [],
};

const point = (minute: number, errors: number) => ({
  ts: new Date(PRESENT - (15 - minute) * 60_000).toISOString(),
  requests: 600,
  errors,
});

const data: TopData = {
  source: 'Kafka topic llm-requests',
  present: PRESENT,
  trends: {
    from: '2026-03-01T11:55:00.000Z',
    to: '2026-03-01T12:10:00.000Z',
    step: 60,
    by: ['class'],
    series: [
      {
        group: { class: 'slow_down' },
        requests: 9_000,
        errors: 120,
        share: 120 / 9_000,
        previous_errors: 0,
        change: null,
        points: Array.from({ length: 15 }, (_, minute) => point(minute, minute)),
      },
    ],
    left_off: 0,
  },
  incidents: [{ ...incident, attention: null }],
};
const closed = { chosen: 0, isOpen: false, scrolled: 0 };
const screen = { width: 90, height: 24, color: false };

test('a view shows the source, the incident, the number that matters and what to do', () => {
  const lines = frame(data, closed, screen);
  expect(lines[0]).toBe('faultline  2026-03-01 12:10 UTC  Kafka topic llm-requests  10 requests/s  1 firing');
  expect(lines.slice(2, 5)).toEqual([
    '> Slow Down surge: openai / acme  firing, 10m',
    '    Return to 600 requests a minute (now 1,300 with retries)',
    '    Do: Return to 600 requests a minute.',
  ]);
  // The last minute is still being counted.
  expect(lines.find((line) => line.startsWith('Slow Down '))).toMatch(/Slow Down +13 +120/);
});

test.each([
  [30, 8],
  [60, 10],
  [200, 60],
])('nothing is wider than %d columns or longer than %d lines', (width, height) => {
  const crowd = {
    ...data,
    incidents: Array.from({ length: 30 }, (_, i) => ({ ...incident, id: `i${i}`, attention: null })),
  };
  for (const isOpen of [false, true]) {
    const lines = frame(crowd, { chosen: 29, isOpen, scrolled: 0 }, { width, height, color: false });
    expect(lines.length).toBeLessThanOrEqual(Math.max(height, 2));
  }
  const list = frame(crowd, { chosen: 29, isOpen: false, scrolled: 0 }, { width, height: 60, color: false });
  expect(list.slice(0, -1).filter((line) => line.length > Math.max(width, 45))).toEqual([]);
  expect(list.some((line) => line.startsWith('>'))).toBe(true);
});

test('logged texts cannot draw on the terminal', () => {
  const hostile = {
    ...incident,
    summary: 'x\u001B[2J',
    scope: { org: 'a\u001B]0;t\u0007' },
    attention: null,
  };
  const text = frame({ ...data, incidents: [hostile] }, closed, screen).join('\n');
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  ['down chooses the next', '\u001B[B', closed, { ...closed, chosen: 1 }],
  ['down stays at the last', 'j', { ...closed, chosen: 2 }, { ...closed, chosen: 2 }],
  ['Enter opens', '\r', closed, { ...closed, isOpen: true }],
  [
    'down scrolls what is open',
    '\u001B[B',
    { ...closed, isOpen: true },
    { ...closed, isOpen: true, scrolled: 1 },
  ],
  ['Escape goes back', '\u001B', { chosen: 1, isOpen: true, scrolled: 3 }, { ...closed, chosen: 1 }],
  ['another key changes nothing', 'x', closed, closed],
  ['q ends', 'q', closed, null],
  ['Ctrl-C ends', '\u0003', closed, null],
])('%s', (_name, key, view, expected) => {
  expect(pressed(key, view, 3)).toEqual(expected);
});
