import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { generate } from './generate.ts';
import { matches } from './scenario.ts';
import { findScenario, scenarios } from './scenarios.ts';
import { trueIncidents } from './truth.ts';
import { vary } from './vary.ts';

const labelled = scenarios.filter(({ name }) => name !== 'load');

test('there are at least thirty scenarios, and their names differ', () => {
  expect(labelled.length).toBeGreaterThanOrEqual(30);
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});

test('docs/simulate.md lists every scenario', async () => {
  const page = await readFile(new URL('../docs/simulate.md', import.meta.url), 'utf8');
  const missing = scenarios.filter(({ name }) => !page.includes(`| \`${name}\``)).map(({ name }) => name);
  expect(missing).toEqual([]);
});

describe('the traffic contains what the truth names', () => {
  // Longer scenarios take seconds to generate. Nothing is lost without them, because their events are of the same
  // kinds.
  const short = labelled.filter(({ duration_ms }) => duration_ms <= 5 * 3_600_000);
  test.each(short.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, plain) => {
    const scenario = { ...vary(plain, 11), requests_per_second: plain.requests_per_second > 1 ? 2 : 0.1 };
    const to = scenario.duration_ms;
    const truths = trueIncidents(scenario, { from: 0, to });
    const failures = truths.map(() => ({ inside: 0, outside: 0 }));
    let last = 0;
    for (const { ts, label, caller } of generate(scenario, { seed: 11, from: 0, to })) {
      last = Math.max(last, ts);
      truths.forEach(({ classes, scope: { key, ...where }, started_at, ended_at }, i) => {
        const sums = failures[i];
        if (sums === undefined || !classes.some((name) => name === label)) return;
        if (!matches(caller, { ...where, api_key: key })) return;
        if (ts >= started_at && ts <= ended_at) sums.inside++;
        else sums.outside++;
      });
    }
    expect(last).toBeGreaterThan(to * 0.95);
    truths.forEach(({ classes }, i) => {
      if (classes.length > 0) expect(failures[i]?.inside, JSON.stringify(truths[i])).toBeGreaterThan(20);
    });
  });
});

test('the same seed varies a scenario in the same way, another seed in another', () => {
  const plain = findScenario('outage-model');
  if (plain === null) throw new Error('no scenario');
  expect(vary(plain, 1)).toEqual(vary(plain, 1));
  expect(vary(plain, 1)).not.toEqual(vary(plain, 2));
});
