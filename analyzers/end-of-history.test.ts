import { expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import type { Life } from './incident-life.ts';
import { endOfHistory } from './end-of-history.ts';
import { evaluate, type Live, versionOf } from './evaluate.ts';
import { countView } from './count-view.ts';
import { detectors } from './kinds/kinds.ts';
import type { LiveIncident } from './live-incident.ts';

const HOUR = 3_600;
const END = Date.parse('2026-03-31T12:00:00Z') / 1000;
const now = END + 178 * 24 * HOUR;

function item(life: Partial<Life>, evidence: Record<string, number | boolean> = {}): LiveIncident {
  const whole: Life = {
    state: 'firing',
    started_at: END - HOUR,
    breach_at: END - HOUR + 20,
    detected_at: END - HOUR + 30,
    resolved_at: null,
    last_at: END - 600,
    healthy_seconds: 0,
    evaluated_at: END,
    held: null,
    reopened: 0,
    ...life,
  };
  return {
    incident: {
      id: 'i',
      kind: 'slow_down_surge',
      state: whole.state,
      severity: 'warning',
      scope: { provider: 'openai', org: 'a' },
      started_at: new Date(whole.started_at * 1000).toISOString(),
      detected_at: new Date((whole.detected_at ?? 0) * 1000).toISOString(),
      resolved_at: null,
      summary: '',
      verdict: { party: 'traffic', why: '' },
      evidence,
      remedy: { steps: [], retry: 'no', owner: '', docs: '' },
      sample_request_ids: [],
      related: [],
    },
    memory: { identity: { provider: 'openai', org: 'a' }, life: whole, facts: {} },
  };
}

const liveOf = (one: LiveIncident): Live => new Map([['key', one]]);

test('an incident that is open at the end of a history ends with its last matching answers', () => {
  const open = item({}, { slow_down_count: 9, no_data: true });
  const { live, changes } = endOfHistory(liveOf(open), END, now);
  expect(changes).toMatchObject([
    {
      key: 'key',
      reason: 'resolved',
      live: {
        incident: {
          state: 'resolved',
          resolved_at: '2026-03-31T11:50:00.000Z',
          evidence: { slow_down_count: 9, ended_with_data: true },
        },
      },
    },
  ]);
  expect(changes[0]?.live.incident.evidence).not.toHaveProperty('no_data');
  expect(live.get('key')?.memory.life).toMatchObject({
    state: 'resolved',
    resolved_at: END - 600,
    held: null,
  });
});

test('its version is higher than every stored one, and the same each time', () => {
  for (const held of [null, 'data_incomplete'] as const) {
    const open = item({ held });
    const [first, second] = [1, 2].map(() => endOfHistory(liveOf(open), END, now).changes[0]?.live ?? open);
    expect(versionOf(first ?? open)).toBeGreaterThan(versionOf(open));
    expect(second).toEqual(first);
  }
});

test('incidents stay open if the data ended within the hour', () => {
  const live = liveOf(item({}));
  expect(endOfHistory(live, END, END + HOUR)).toEqual({ live, changes: [] });
  expect(endOfHistory(live, END, END + HOUR + 1).changes).toHaveLength(1);
});

test('resolved incidents stay as they are, and pending ones are forgotten', () => {
  const resolved = liveOf(item({ state: 'resolved', resolved_at: END - 600 }));
  expect(endOfHistory(resolved, END, now)).toEqual({ live: resolved, changes: [] });
  const pending = endOfHistory(liveOf(item({ state: 'pending', detected_at: null })), END, now);
  expect(pending).toEqual({ live: new Map(), changes: [] });
});

test('an evaluation of the same time afterwards changes nothing', () => {
  const { live } = endOfHistory(liveOf(item({})), END, now);
  const { analyzers } = settingsSchema.parse({});
  const again = evaluate(detectors, countView([]), live, END, analyzers);
  expect(again.changes).toEqual([]);
});
