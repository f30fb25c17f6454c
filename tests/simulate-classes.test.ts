import { describe, expect, it } from 'vitest';
import type { ClassifierInput } from '../domain/classification.ts';
import type { RequestLog } from '../domain/request-log.ts';
import { classify } from '../ingest/classify/classify.ts';
import { createDecoder } from '../ingest/formats/decode.ts';
import type { Caller } from '../simulate/caller.ts';
import { catalogue } from '../simulate/failures/catalogue.ts';
import { renderAs } from '../simulate/failures/render.ts';
import { generate } from '../simulate/generate.ts';
import { createRandom } from '../simulate/random.ts';
import { type SimulatedRecord, toLine } from '../simulate/record.ts';
import { dayScenarios } from '../simulate/scenarios/days.ts';
import { findScenario, scenarios } from '../simulate/scenarios.ts';

const FROM = Date.UTC(2026, 2, 4, 9, 30);
const decode = createDecoder({ format: 'native', mapping: {} });

describe('the classifier gives the true class of the simulator', () => {
  const rows = catalogue.flatMap((row) => row.shapes.map((shape) => ({ id: row.id, shape, row })));

  it.each(rows.map(({ id, shape }) => [id, shape] as const))('%s as %s', (id, shape) => {
    const found = rows.find((each) => each.id === id && each.shape === shape);
    if (found === undefined) throw new Error(`no row ${id}`);
    const { row } = found;
    const caller = callerOf(row.provider === 'any' ? 'openai' : row.provider);
    for (let seed = 0; seed < 20; seed++) {
      const random = createRandom(seed);
      const request_id = `req_${random.hex32()}`;
      const base = { ts: FROM, request_id, caller, latency_ms: 1, ttft_ms: null, retry_count: 0 };
      const rendered = renderAs(row, shape, { caller, random, request_id });
      const log = decodeLine({ ...base, ...rendered, ...empty, label: row.class, subclass: row.subclass });
      const { class: cls, subclass } = classify(inputOf(log));
      expect({ error: log.error, class: cls, subclass }).toEqual({
        error: log.error,
        class: row.class,
        subclass: row.subclass,
      });
    }
  });

  it.each(scenarios.map((each) => each.name))('for every record of %s', (name) => {
    const scenario = findScenario(name);
    if (scenario === null) throw new Error(`no scenario ${name}`);
    // Moves the events so that the first one begins in the fifth minute. For most scenarios a short span of traffic
    // then contains its beginning.
    const isLong = name === 'load' || dayScenarios.some((day) => day.name === name);
    const first = Math.min(...scenario.events.map(({ after_ms }) => after_ms).filter((after) => after > 0));
    const events = scenario.events.map((event) => ({
      ...event,
      after_ms: Math.max(0, event.after_ms - first + 5 * 60_000),
    }));
    const wrong: unknown[] = [];
    let records = 0;
    for (const record of generate(
      { ...scenario, events },
      { seed: 11, from: FROM, to: FROM + (isLong ? 35 : 15) * 60_000, rate: 8 },
    )) {
      records++;
      const log = decodeLine(record);
      const { class: cls, subclass, rule } = classify(inputOf(log));
      if (cls !== record.label || subclass !== record.subclass) {
        wrong.push({
          cls,
          subclass,
          rule,
          label: record.label,
          meant: record.subclass,
          error: log.error,
          status: log.status,
        });
      }
    }
    expect(records).toBeGreaterThan(isLong ? 15_000 : 4_500);
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});

it('no key survives decoding, even in an error text that quotes it', () => {
  const load = findScenario('load');
  if (load === null) throw new Error('no scenario load');
  const leaks: string[] = [];
  let quoted = 0;
  for (const record of generate(load, { seed: 2, from: FROM, to: FROM + 60_000 })) {
    if (record.label !== 'incorrect_api_key') continue;
    if (JSON.stringify(record.error).includes(record.caller.api_key)) quoted++;
    const kept = JSON.stringify(decodeLine(record));
    if (kept.includes(record.caller.api_key)) leaks.push(kept);
  }
  expect(quoted).toBeGreaterThan(5);
  expect(leaks).toEqual([]);
});

const empty = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };

function callerOf(provider: string): Caller {
  const caller = findScenario('calm-day')?.callers.find((each) => each.provider === provider);
  if (caller === undefined) throw new Error(`no caller of ${provider}`);
  return caller;
}

function decodeLine(record: SimulatedRecord): RequestLog {
  const decoded = decode(Buffer.from(toLine(record)), record.ts);
  const log = decoded.kind === 'ok' ? decoded.records[0] : undefined;
  if (log === undefined) throw new Error(`not decoded: ${JSON.stringify(decoded)}`);
  return log;
}

function inputOf({ provider, status, error, exception, headers }: RequestLog): ClassifierInput {
  return { provider, status, error, exception, headers };
}
