import { expect, test } from 'vitest';
import { play } from './fixtures/play.ts';
import { countRow } from './fixtures/traffic.ts';
import type { CountRow } from '../domain/count-row.ts';
import { errorClasses } from '../domain/error-class.ts';
import type { Incident } from '../domain/incident.ts';
import { generate } from '../simulate/generate.ts';
import type { Scenario, TrueIncident } from '../simulate/scenario.ts';
import { findScenario } from '../simulate/scenarios.ts';
import { trueIncidents } from '../simulate/truth.ts';

// Runs the analyzers over traffic whose truth is known. Classes are the true ones; other tests judge what the
// classifier makes of the texts.

const FROM = Date.UTC(2026, 10, 2);

test.each([
  ['calm-day', 1],
  ['demo-day', 2],
  ['slow-down-surge', 3],
  ['quota-exhausted', 4],
])('%s gives exactly its incidents, with their kinds and scopes', (name, seed) => {
  const { truth, found } = analyze(name, seed);
  expect(found.map(kindAndScope)).toEqual(truth.map(kindAndScope));
});

test.each([
  ['slow-down-surge', 5],
  ['quota-exhausted', 6],
])('%s gives the times of its incident within 30 s, and finds it within a minute', (name, seed) => {
  const { truth, found } = analyze(name, seed);
  const [real] = truth;
  const [incident] = found;
  if (real === undefined || incident === undefined) throw new Error('no incident');
  expect(Math.abs(Date.parse(incident.started_at) - real.started_at)).toBeLessThanOrEqual(30_000);
  expect(Math.abs(Date.parse(incident.resolved_at ?? '') - real.ended_at)).toBeLessThanOrEqual(30_000);
  expect(Date.parse(incident.detected_at) - real.started_at).toBeLessThanOrEqual(60_000);
});

test('the original rate of a surge is the true rate before the ramp within 20 %', () => {
  const { truth, found } = analyze('slow-down-surge', 7);
  const real = truth[0]?.original_requests_per_minute ?? 0;
  const ratio = Number(found[0]?.evidence['original_requests_per_minute']) / real;
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.2);
});

function kindAndScope({ kind, scope }: { kind: string; scope: Incident['scope'] }): object {
  return { kind, scope };
}

function analyze(name: string, seed: number): { truth: TrueIncident[]; found: Incident[] } {
  const scenario = scenarioOf(name);
  const to = FROM + scenario.duration_ms;
  const { incidents } = play(count(scenario, seed, to), { until: to / 1000 });
  const listed = new Set(incidents.flatMap(({ related }) => related));
  // A consequence is listed under its cause and is no finding of its own.
  const found = incidents.filter(({ id }) => !listed.has(id));
  return { truth: trueIncidents(scenario, { from: FROM, to }), found };
}

function scenarioOf(name: string): Scenario {
  const scenario = findScenario(name);
  if (scenario === null) throw new Error(`no scenario ${name}`);
  return scenario;
}

function count(scenario: Scenario, seed: number, to: number): CountRow[] {
  const rows = new Map<string, CountRow>();
  for (const record of generate(scenario, { seed, from: FROM, to })) {
    const { provider, org, project, api_key, client, region, model } = record.caller;
    const dimensions = {
      provider,
      org,
      project,
      api_key,
      client,
      region,
      model,
      class: record.label,
      subclass: record.subclass,
    };
    const ts = Math.floor(record.ts / 10_000) * 10;
    const key = JSON.stringify([ts, ...Object.values(dimensions)]);
    let row = rows.get(key);
    if (row === undefined) rows.set(key, (row = countRow({ ...dimensions, ts, requests: 0 })));
    row.requests++;
    row.input_tokens += record.input_tokens;
    row.cost_usd += record.cost_usd;
    if (record.retry_count === 0) continue;
    row.retries++;
    if (errorClasses[record.label].retry === 'no') row.useless_retries++;
  }
  return [...rows.values()];
}
