import { expect, test } from 'vitest';
import { incident } from '../../../domain/incident.ts';
import type { Loss } from '../../../store/queries/losses.ts';
import { expectOwnPage } from '../../../tests/fixtures/incident-pages.ts';
import { defaults } from '../../../tests/fixtures/play.ts';
import type { PipelineLive } from './identity.ts';
import { stepPipeline } from './judge.ts';

const loss: Loss = { topic: 't', partition: 3, from: 100, to: 150, at: 1_795_000_000 };

/** Judges every 10 s. Returns each version that was written: seconds after the loss, reason, incident. */
function play(losses: readonly Loss[], from: number, to: number, live: PipelineLive = new Map()) {
  const written: { at: number; reason: string; incident: ReturnType<typeof incident.parse> }[] = [];
  for (let now = loss.at + from; now <= loss.at + to; now += 10) {
    const seen = losses.filter(({ at }) => at <= now && at >= now - 86_400);
    const judged = stepPipeline({ now, partitions: [] }, seen, live, defaults);
    live = judged.live;
    expectOwnPage(judged.changes.map(({ live: { incident: one } }) => one));
    for (const { live: one, reason } of judged.changes)
      written.push({ at: now - loss.at, reason, incident: incident.parse(one.incident) });
  }
  return { written, live };
}

test('a loss opens one incident that names the exact range, closes after an hour, and is written twice only', () => {
  const { written } = play([loss], 10, 90_000);
  expect(written.map(({ at, reason }) => [at, reason])).toEqual([
    [10, 'fired'],
    [3_610, 'resolved'],
  ]);
  expect(written[0]?.incident).toMatchObject({
    kind: 'pipeline',
    state: 'firing',
    severity: 'critical',
    summary: '50 records of t were deleted in Kafka before they were read: t/3: offsets 100 to 149.',
    evidence: { topic: 't', records: 50, ranges: ['t/3: offsets 100 to 149'] },
  });
  expect(written[1]?.incident).toMatchObject({ id: written[0]?.incident.id, state: 'resolved' });
});

test('two ranges of a topic are one incident, which names both', () => {
  const { written } = play([loss, { ...loss, from: 150, to: 160 }], 10, 600);
  expect(written).toHaveLength(1);
  expect(written[0]?.incident.evidence).toMatchObject({ records: 60, range_count: 2 });
});

test('each topic has its own incident', () => {
  const { written } = play([loss, { ...loss, topic: 'u' }], 10, 600);
  expect(new Set(written.map(({ incident: one }) => one.id)).size).toBe(2);
});

test('a loss while the incident is open starts the hour again; a later one opens the same incident again', () => {
  const { written } = play(
    [
      loss,
      { ...loss, from: 150, to: 160, at: loss.at + 3_000 },
      { ...loss, from: 200, to: 201, at: loss.at + 9_000 },
    ],
    10,
    20_000,
  );
  expect(
    written.filter(({ reason }) => reason !== 'refreshed').map(({ at, reason }) => [at, reason]),
  ).toEqual([
    [10, 'fired'],
    [6_600, 'resolved'],
    [9_000, 'reopened'],
    [12_600, 'resolved'],
  ]);
  expect(written.at(-1)?.incident.evidence).toMatchObject({ records: 61, range_count: 3 });
});

test('a loss that happened while no analyzer was running is still shown for an hour', () => {
  const { written } = play([loss], 40_000, 50_000);
  expect(written.map(({ at, reason }) => [at, reason])).toEqual([
    [40_000, 'fired'],
    [43_600, 'resolved'],
  ]);
});
