import { expect, test } from 'vitest';
import { generate } from './generate.ts';
import { pace } from './pace.ts';
import { findScenario } from './scenarios.ts';

const FROM = Date.UTC(2026, 2, 4, 12);

/** A clock that moves only when somebody waits. */
function clock() {
  let time = 1_000_000;
  return {
    now: () => time,
    wait: async (ms: number) => {
      time += ms;
    },
    advance: (ms: number) => {
      time += ms;
    },
  };
}

function* calm(minutes: number) {
  const scenario = findScenario('calm-day');
  if (scenario === null) throw new Error('no calm-day');
  yield* generate(scenario, { seed: 1, from: FROM, to: FROM + minutes * 60_000 });
}

test('no record comes before its time, or more than a tick after it', async () => {
  const { now, wait } = clock();
  const begin = now();
  let records = 0;
  for await (const batch of pace(calm(10), { from: FROM, speed: 60, now, wait, stopped: () => false })) {
    expect(batch.length).toBeGreaterThan(0);
    for (const record of batch) {
      const due = (record.ts - FROM) / 60;
      expect(due).toBeLessThanOrEqual(now() - begin);
      expect(now() - begin - due).toBeLessThanOrEqual(60);
      records++;
    }
  }
  expect(records).toBe([...calm(10)].length);
  expect(now() - begin).toBeGreaterThan(9_000);
});

test('after a slow reader it catches up and loses nothing', async () => {
  const { now, wait, advance } = clock();
  let records = 0;
  for await (const batch of pace(calm(5), { from: FROM, speed: 1, now, wait, stopped: () => false })) {
    records += batch.length;
    if (records < 100) advance(60_000);
  }
  expect(records).toBe([...calm(5)].length);
});

test('stops when asked', async () => {
  const { now, wait } = clock();
  let batches = 0;
  for await (const batch of pace(calm(10), {
    from: FROM,
    speed: 1,
    now,
    wait,
    stopped: () => batches >= 3,
  })) {
    expect(batch.length).toBeGreaterThan(0);
    batches++;
  }
  expect(batches).toBe(3);
});
