import { expect, test } from 'vitest';
import { generate } from './generate.ts';
import type { Disorder, Scenario } from './scenario.ts';
import { findScenario } from './scenarios.ts';

const MINUTE = 60_000;
const calm = findScenario('calm-day') as Scenario;

function records(disorder?: Disorder) {
  const scenario = disorder === undefined ? calm : { ...calm, disorder };
  return [...generate(scenario, { seed: 5, from: 0, to: 60 * MINUTE })];
}
const straight = records();

test('late records are the same records, later in the log by at most the given time', () => {
  const late = records({ late_share: 0.1, late_ms: 2 * MINUTE });
  const ids = (list: typeof late) => list.map(({ request_id }) => request_id).sort();
  expect(ids(late)).toEqual(ids(straight));
  let newest = 0;
  let outOfOrder = 0;
  for (const { ts } of late) {
    if (ts < newest) outOfOrder++;
    expect(newest - ts).toBeLessThanOrEqual(2 * MINUTE);
    newest = Math.max(newest, ts);
  }
  expect(outOfOrder / late.length).toBeGreaterThan(0.05);
  expect(outOfOrder / late.length).toBeLessThan(0.15);
});

test('a wrong clock moves the times of its callers and of no others', () => {
  const skewed = records({ skew: { where: { client: 'invoice-reader' }, ms: -40_000 } });
  const moved = skewed.filter((record, i) => record.ts !== straight[i]?.ts);
  expect(moved.length).toBeGreaterThan(10);
  expect(new Set(moved.map(({ caller }) => caller.client))).toEqual(new Set(['invoice-reader']));
});

test('nothing is logged in a gap, and everything else is', () => {
  const gap = { after_ms: 20 * MINUTE, lasts_ms: 10 * MINUTE };
  const outside = straight.filter(({ ts }) => ts < 20 * MINUTE || ts >= 30 * MINUTE);
  expect(records({ gap })).toEqual(outside);
});
