import { expect, test } from 'vitest';
import { findScenario } from '../../simulate/scenarios.ts';
import { demoTime } from './demo.ts';

const SPEED = 576;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const day = findScenario('demo-day');
const begins = day?.events.map(({ after_ms: begin }) => begin) ?? [];

/** Real seconds until this event time is reached. */
function secondsUntil(time: number, slowFrom: readonly number[]): number {
  let seconds = 0;
  while (demoTime(seconds * 1_000, SPEED, slowFrom) < time) seconds += 0.1;
  return Math.round(seconds);
}

test('a day without an incident, or at a speed that somebody chose, takes 150 seconds', () => {
  expect(secondsUntil(DAY / 2, [])).toBe(75);
  expect(secondsUntil(DAY, [])).toBe(150);
});

test('the day of the demo takes little more than a minute longer', () => {
  expect(begins.length).toBe(2);
  expect(secondsUntil(DAY, begins)).toBe(218);
});

test('each incident of the demo lasts half a minute of real time after its first two minutes', () => {
  for (const { after_ms: begin, lasts_ms: lasts } of day?.events ?? []) {
    const found = secondsUntil(begin + 120_000, begins);
    expect(secondsUntil(begin + Math.min(lasts, 20 * 60_000), begins) - found).toBeGreaterThanOrEqual(30);
  }
});

test('time never goes back, also where one incident begins while the day is still slow for another', () => {
  const slowFrom = [HOUR, HOUR + 60_000, 2 * HOUR];
  let before = 0;
  for (let ms = 0; ms < 200_000; ms += 50) {
    const time = demoTime(ms, SPEED, slowFrom);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time - before).toBeLessThanOrEqual(50 * SPEED);
    before = time;
  }
});

test('a day that is slower than the slow part is not made faster', () => {
  expect(demoTime(10_000, 2, [5_000])).toBe(20_000);
});
