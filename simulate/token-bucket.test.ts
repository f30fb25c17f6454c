import { expect, test } from 'vitest';
import { generate } from './generate.ts';
import type { Scenario } from './scenario.ts';
import { findScenario } from './scenarios.ts';

const MINUTE = 60_000;
const saturation = findScenario('saturation') as Scenario;
const ofModel = [...generate(saturation, { seed: 3, from: 0, to: saturation.duration_ms })].filter(
  ({ caller }) => caller.model === 'gpt-4.1',
);
const remainingOf = (headers: Readonly<Record<string, string>> | null): number | null =>
  headers?.['x-ratelimit-remaining-requests'] === undefined
    ? null
    : Number(headers['x-ratelimit-remaining-requests']);

test('a caller with little traffic has nearly all of its limit left', () => {
  const calm = ofModel
    .filter(({ ts }) => ts < 30 * MINUTE)
    .flatMap(({ headers }) => remainingOf(headers) ?? []);
  expect(calm.length).toBeGreaterThan(100);
  expect(Math.min(...calm)).toBeGreaterThan(35);
});

test('growth drains the bucket before anything is refused, and headers show it', () => {
  const isRefusal = ({ ts, label, subclass }: (typeof ofModel)[number]): boolean =>
    ts > 66 * MINUTE && label === 'rate_limit' && subclass.startsWith('requests');
  const grown = ofModel.filter(({ ts }) => ts > 66 * MINUTE);
  const whole = grown.findIndex(
    (record, i) => isRefusal(record) && grown.slice(i, i + 20).filter(isRefusal).length > 5,
  );
  const before = grown.slice(0, whole).flatMap(({ headers }) => remainingOf(headers) ?? []);
  expect(before.at(-1)).toBeLessThan(10);
  expect(grown.filter(({ label }) => label === 'rate_limit').length).toBeGreaterThan(100);
});

test('no more requests pass in an hour than the limit allows', () => {
  for (let hour = 0; hour < 2; hour++) {
    const passed = ofModel.filter(
      ({ ts, label }) => Math.floor(ts / (60 * MINUTE)) === hour && label === 'ok',
    );
    expect(passed.length).toBeLessThanOrEqual(70 * 61);
  }
});
