import { expect, test } from 'vitest';
import { countView } from './count-view.ts';
import { detectors } from './kinds/kinds.ts';
import { evaluate, holdIncomplete, type Live, versionOf } from './evaluate.ts';
import { defaults, play } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { fromStored, toStored } from './to-stored.ts';

const at = (n: number): number => START + n * 60;
const shop: Stream = { from: 0, to: 60, per_minute: 60, project: 'shop', client: 'web' };
const exhausted: Stream = { ...shop, from: 20, to: 40, class: 'quota_exceeded', subclass: 'credit_balance' };
const surging: Stream = { ...shop, from: 25, to: 35, class: 'slow_down', per_minute: 30 };
const rows = traffic([{ ...shop, to: 20 }, { ...shop, from: 40 }, exhausted, surging]);

test('two kinds in one organization are two incidents with their own ids', () => {
  const { incidents } = play(rows);
  expect(incidents.map((it) => it.kind)).toEqual(['quota_exhausted', 'slow_down_surge']);
  expect(new Set(incidents.map((it) => it.id)).size).toBe(2);
  for (const { id } of incidents) expect(id).toMatch(/^[0-9a-f]{16}$/);
});

test('a pending breach is not written', () => {
  expect(play(rows, { until: at(20) + 10 })).toMatchObject({ changes: [], incidents: [] });
  expect([...play(rows, { until: at(20) + 10 }).live.values()]).toMatchObject([
    { incident: { state: 'pending' } },
  ]);
});

test('the order of the rows does not matter', () => {
  const expected = play(rows).changes;
  const byClass = [...rows].sort((a, b) => (a.class < b.class ? 1 : -1));
  expect(play(byClass).changes).toEqual(expected);
});

test.each([
  ['while pending', 20 + 1 / 6],
  ['between two writes', 27.5],
  ['while both fire', 33],
  ['while they clear', 42.5],
  ['after they resolved', 47],
])('an analyzer that starts again from the store %s goes on as if it had not stopped', (_name, minute) => {
  const expected = play(rows);
  const stop = at(minute);
  const before = play(rows, { until: stop });
  const newest = new Map(before.changes.map((change) => [change.live.incident.id, toStored(change.live)]));
  let live: Live = fromStored([...newest.values()]);
  const evaluatedAt = Math.min(stop, ...[...live.values()].map(({ memory }) => memory.life.evaluated_at));
  const counts = countView(rows);
  const after = [];
  // Pending breaches are not stored: evaluating a little more of the past finds them again.
  for (let now = evaluatedAt - 300; now <= at(60); now += 10) {
    const evaluation = evaluate(detectors, counts, live, now, defaults);
    live = evaluation.live;
    after.push(...evaluation.changes);
  }
  const last = new Map(
    [...before.changes, ...after].map(({ live: { incident } }) => [incident.id, incident]),
  );
  expect([...last.values()]).toEqual(expected.incidents);
});

test('versions of an incident rise with event time, and equal evaluations give equal rows', () => {
  const one = play(rows).changes.map((change) => toStored(change.live));
  const two = play(rows).changes.map((change) => toStored(change.live));
  expect(two).toEqual(one);
  for (const kind of ['quota_exhausted', 'slow_down_surge']) {
    const versions = one.filter(({ incident }) => incident.kind === kind).map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  }
});

test('a held incident is marked once and keeps its state, and its version lies between those of two evaluations', () => {
  const { live } = play(rows, { until: at(30) });
  const held = holdIncomplete(detectors, live, at(33), defaults);
  expect(
    held.changes.map(({ live: { incident } }) => [incident.state, incident.evidence['data_incomplete']]),
  ).toEqual([
    ['firing', true],
    ['firing', true],
  ]);
  for (const { live: item } of held.changes) expect(versionOf(item)).toBe(at(30) * 1000 + 1);
  expect(holdIncomplete(detectors, held.live, at(34), defaults).changes).toEqual([]);
  const next = evaluate(detectors, countView(rows), held.live, at(30) + 10, defaults);
  expect(next.changes.map(({ live: { incident } }) => incident.evidence['data_incomplete'])).toEqual([
    undefined,
    undefined,
  ]);
});

test('a resolved incident is forgotten after reopen_seconds', () => {
  expect(play(rows, { until: at(120) }).live.size).toBe(0);
});

test('severity only rises while an incident is open', () => {
  const easing: Stream = { ...surging, to: 55, per_minute: (minute) => (minute < 30 ? 30 : 4) };
  const { changes } = play(traffic([shop, easing]));
  const severities = changes.map(({ live: { incident } }) => incident.severity);
  expect(severities.lastIndexOf('warning')).toBeLessThan(severities.indexOf('critical'));
});
