import { describe, expect, it, test } from 'vitest';
import { errorClassNames } from '../domain/error-class.ts';
import { nativeRecord } from '../domain/request-log.ts';
import { catalogue } from './failures/catalogue.ts';
import { generate } from './generate.ts';
import { type SimulatedRecord, toLine } from './record.ts';
import { matches, type Scenario } from './scenario.ts';
import { findScenario, scenarios } from './scenarios.ts';
import { createTally, trueIncidents } from './truth.ts';

const FROM = Date.UTC(2026, 2, 4);
const HOUR = 3_600_000;
const MINUTE = 60_000;
const names = scenarios.map((each) => each.name);
// Scenarios whose log is in disorder are tested in `disorder.test.ts`.
const inOrder = scenarios.filter((each) => each.disorder === undefined).map((each) => each.name);

describe('generate', () => {
  it('gives the same lines for the same seed, and different lines for another seed', () => {
    const load = scenario('load');
    const lines = (seed: number) => take(load, 2_000, seed).map(toLine).join('\n');
    expect(lines(7)).toBe(lines(7));
    expect(lines(7)).not.toBe(lines(8));
  });

  it.each(inOrder)('%s: records are in order of time', (name) => {
    const each = scenario(name);
    let previous = FROM;
    for (const { ts } of take(each, 3_000, 3)) {
      expect(ts).toBeGreaterThanOrEqual(previous);
      expect(Number.isInteger(ts)).toBe(true);
      previous = ts;
    }
  });

  it.each(names)('%s: each line is a native record', (name) => {
    const each = scenario(name);
    for (const record of take(each, 2_000, 5)) {
      const line = toLine(record);
      const parsed = nativeRecord.parse(JSON.parse(line));
      const retries = Number(parsed.retry_count ?? parsed.headers?.['x-stainless-retry-count'] ?? 0);
      const same =
        Date.parse(String(parsed.ts)) === record.ts &&
        Math.abs((parsed.cost_usd ?? 0) - record.cost_usd) < 1e-9 &&
        retries === record.retry_count &&
        !line.includes('label');
      if (!same) expect(parsed).toEqual(record);
    }
  });

  it('ends at the end of the span, and never earlier', () => {
    const calm = scenario('calm-day');
    const records = [...generate(calm, { seed: 1, from: FROM, to: FROM + HOUR })];
    expect(records.at(-1)?.ts).toBeLessThan(FROM + HOUR);
    expect(records.at(-1)?.ts).toBeGreaterThan(FROM + HOUR - MINUTE);
  });

  it('follows the given rate, and the hours of the day', () => {
    const calm = scenario('calm-day');
    const perSecond = (hour: number) => {
      const from = FROM + hour * HOUR;
      return count(generate(calm, { seed: 1, from, to: from + 10 * MINUTE, rate: 20 })) / 600;
    };
    expect(perSecond(2)).toBeCloseTo(20 * 0.4, 0);
    expect(perSecond(14)).toBeGreaterThan(20 * 1.5);
    expect(perSecond(14)).toBeLessThan(20 * 1.75);
  });

  it('retries failed requests with a growing retry count, and never retries successes', () => {
    const quota = scenario('quota-exhausted');
    const from = FROM;
    const span = { seed: 1, from, to: from + 40 * MINUTE };
    const seen = new Map<number, number>();
    for (const record of generate(quota, span)) {
      if (record.label === 'quota_exceeded' && record.ts > from + 27 * MINUTE) {
        seen.set(record.retry_count, (seen.get(record.retry_count) ?? 0) + 1);
      }
    }
    const [first = 0, second = 0, third = 0] = [seen.get(0), seen.get(1), seen.get(2)];
    expect(second / first).toBeCloseTo(1, 1);
    expect(third / first).toBeCloseTo(1, 1);
    expect(seen.get(3) ?? 0).toBeGreaterThan(0);
    expect(seen.has(6)).toBe(false);
  });
});

describe('load', () => {
  it('has lines of 450 bytes on average, one failure in twenty, and all classes', () => {
    const tally = createTally();
    let bytes = 0;
    for (const record of take(scenario('load'), 200_000, 1)) {
      tally.add(record);
      bytes += Buffer.byteLength(toLine(record)) + 1;
    }
    expect(bytes / tally.total()).toBeGreaterThan(430);
    expect(bytes / tally.total()).toBeLessThan(470);
    const counts = tally.counts();
    expect(1 - (counts.ok ?? 0) / tally.total()).toBeCloseTo(0.05, 2);
    expect(Object.keys(counts).sort()).toEqual(['ok', ...errorClassNames].sort());
  });
});

describe('truth', () => {
  it('a calm day has no incident: no minute holds five Slow Down or three quota answers', () => {
    const calm = scenario('calm-day');
    const span = { from: FROM, to: FROM + 24 * HOUR };
    const tally = createTally();
    const slowDown: number[] = [];
    const quota: number[] = [];
    for (const record of generate(calm, { seed: 2, ...span })) {
      tally.add(record);
      if (record.label === 'slow_down') slowDown.push(record.ts);
      if (record.label === 'quota_exceeded') quota.push(record.ts);
    }
    expect(trueIncidents(calm, span)).toEqual([]);
    expect(slowDown.length).toBeGreaterThan(10);
    expect(mostInAMinute(slowDown)).toBeLessThan(5);
    expect(mostInAMinute(quota)).toBeLessThan(3);
    const share = 1 - (tally.counts().ok ?? 0) / tally.total();
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.02);
  });

  it('a demo day has one surge and one spent limit, where and when the truth says', () => {
    const demo = scenario('demo-day');
    const span = { from: FROM, to: FROM + 24 * HOUR };
    const incidents = trueIncidents(demo, span);
    expect(incidents.map((each) => each.kind)).toEqual(['slow_down_surge', 'quota_exhausted']);
    for (const { kind, scope, started_at, ended_at } of incidents) {
      const cls = kind === 'slow_down_surge' ? 'slow_down' : 'quota_exceeded';
      const around = { seed: 4, from: FROM, to: ended_at + 5 * MINUTE };
      const inside: number[] = [];
      let outside = 0;
      for (const { ts, label, caller } of generate(demo, around)) {
        if (label !== cls || ts < started_at - 5 * MINUTE) continue;
        if (matches(caller, scope) && ts >= started_at && ts < ended_at) inside.push(ts);
        else outside++;
      }
      expect(outside).toBeLessThanOrEqual(60);
      expect(inside.length).toBeGreaterThan(500);
      expect((inside[0] ?? 0) - started_at).toBeLessThan(MINUTE);
      expect(ended_at - (inside.at(-1) ?? 0)).toBeLessThan(MINUTE);
    }
  });

  it('after a limit is spent, its scope has no success', () => {
    const quota = scenario('quota-exhausted');
    const span = { from: FROM, to: FROM + 90 * MINUTE };
    const [incident] = trueIncidents(quota, span);
    expect(incident?.scope).toEqual({ provider: 'openai', org: 'org-harborline' });
    let successes = 0;
    const statuses = new Set<number>();
    for (const { ts, label, caller, status } of generate(quota, { seed: 1, ...span })) {
      const during = ts >= (incident?.started_at ?? 0) && ts < (incident?.ended_at ?? 0);
      if (during && label === 'quota_exceeded' && caller.provider === 'openai') statuses.add(status);
      if (during && label === 'ok' && matches(caller, incident?.scope ?? {})) successes++;
    }
    expect(successes).toBe(0);
    expect([...statuses]).toEqual([429]);
  });

  it('a surge quadruples the rate of its callers, from the rate that the truth names', () => {
    const surge = scenario('slow-down-surge');
    const span = { from: FROM, to: FROM + 90 * MINUTE };
    const [incident] = trueIncidents(surge, span);
    const perMinute = (from: number, to: number, seed: number) => {
      let found = 0;
      for (const { ts, caller, retry_count } of generate(surge, { seed, ...span })) {
        if (ts >= from && ts < to && retry_count === 0 && matches(caller, incident?.scope ?? {})) found++;
      }
      return (found * MINUTE) / (to - from);
    };
    const original = incident?.original_requests_per_minute ?? 0;
    expect(perMinute(FROM, FROM + 25 * MINUTE, 1) / original).toBeCloseTo(1, 0);
    expect(perMinute(FROM + 30 * MINUTE, FROM + 44 * MINUTE, 1) / original).toBeCloseTo(4, 0);
  });

  it('leaves out incidents that begin after the end', () => {
    expect(trueIncidents(scenario('demo-day'), { from: FROM, to: FROM + 11 * HOUR })).toHaveLength(1);
  });
});

test('the catalogue has every class and unique ids', () => {
  expect(new Set(catalogue.map((row) => row.class))).toEqual(new Set(errorClassNames));
  expect(new Set(catalogue.map((row) => row.id)).size).toBe(catalogue.length);
});

function scenario(name: string): Scenario {
  const found = findScenario(name);
  if (found === null) throw new Error(`no scenario ${name}`);
  return found;
}

function take(each: Scenario, records: number, seed: number): SimulatedRecord[] {
  const taken: SimulatedRecord[] = [];
  for (const record of generate(each, { seed, from: FROM, to: Number.POSITIVE_INFINITY })) {
    taken.push(record);
    if (taken.length === records) break;
  }
  return taken;
}

function count(records: Iterable<unknown>): number {
  let found = 0;
  for (const _ of records) found++;
  return found;
}

/** The largest number of these times in any window of 60 s. */
function mostInAMinute(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  times.forEach((time, i) => {
    while (time - (times[first] ?? 0) > MINUTE) first++;
    most = Math.max(most, i - first + 1);
  });
  return most;
}
