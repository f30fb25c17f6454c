import { describe, expect, test } from 'vitest';
import { play } from '../analyzers/testing/play.ts';
import { countRow } from '../analyzers/testing/traffic.ts';
import type { CountRow } from '../domain/count-row.ts';
import { errorClasses } from '../domain/error-class.ts';
import { generate } from '../simulate/generate.ts';
import type { Scenario } from '../simulate/scenario.ts';
import { findScenario } from '../simulate/scenarios.ts';
import { trueIncidents } from '../simulate/truth.ts';

// The analyzers against traffic whose truth is known. Classes are the true ones: what the classifier makes of
// the texts is judged elsewhere.

const FROM = Date.UTC(2026, 10, 2);

describe.each([
  ['calm-day', 1],
  ['demo-day', 2],
  ['slow-down-surge', 3],
  ['quota-exhausted', 4],
])('%s', (name, seed) => {
  const scenario = scenarioOf(name);
  const to = FROM + scenario.duration_ms;
  const truth = trueIncidents(scenario, { from: FROM, to });
  const { incidents } = play(count(scenario, seed, to), { until: to / 1000 });

  test(`gives exactly its ${truth.length} incidents, with their kinds and scopes`, () => {
    expect(incidents.map(({ kind, scope }) => ({ kind, scope }))).toEqual(
      truth.map(({ kind, scope }) => ({ kind, scope })),
    );
  });

  test.runIf(truth.length > 0)('gives their times within 30 s, and finds them within a minute', () => {
    incidents.forEach((incident, i) => {
      const { started_at = 0, ended_at = 0 } = truth[i] ?? {};
      expect(Math.abs(Date.parse(incident.started_at) - started_at)).toBeLessThanOrEqual(30_000);
      expect(Math.abs(Date.parse(incident.resolved_at ?? '') - ended_at)).toBeLessThanOrEqual(30_000);
      expect(Date.parse(incident.detected_at) - started_at).toBeLessThanOrEqual(60_000);
    });
  });

  test.runIf(truth.some((it) => it.original_requests_per_minute !== null))(
    'gives the rate before the ramp within 20 %',
    () => {
      incidents.forEach((incident, i) => {
        const original = truth[i]?.original_requests_per_minute ?? null;
        if (original === null) return;
        expect(incident.evidence['original_requests_per_minute']).toBeGreaterThan(original * 0.8);
        expect(incident.evidence['original_requests_per_minute']).toBeLessThan(original * 1.2);
      });
    },
  );
});

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
