import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../ingest/formats/decode.ts';
import { failureOf } from '../ingest/rows/judged-error.ts';

const now = Date.parse('2026-06-01T12:10:00Z');
const folder = new URL('samples/', import.meta.url);
const decode = createDecoder({ format: 'auto', mapping: {} });

/**
 * How many requests of each class are in each emitter's sample. All other items in a sample are not requests, or repeat
 * a request of another item.
 */
const counts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  spans: { ok: 2, quota_exceeded: 1, dead: 1 },
  logs: { ok: 1, engine_overloaded: 1, server_error: 1 },
  events: { ok: 1, slow_down: 1, connection: 1 },
  openllmetry: { ok: 2, quota_exceeded: 1 },
  openinference: { ok: 2, engine_overloaded: 1 },
  'vercel-ai-sdk': { ok: 3, rate_limit: 1 },
  codex: { ok: 2, server_error: 1, rate_limit: 1, timeout: 1, invalid_authentication: 1 },
  'claude-code': { ok: 1, engine_overloaded: 1, connection: 1, invalid_authentication: 1 },
  'claude-code-spans': { ok: 1, rate_limit: 1 },
  'gemini-cli': { ok: 1, rate_limit: 1, connection: 1 },
};

describe('samples of OpenTelemetry emitters', () => {
  it('each have their expected counts in this test', () => {
    const names = readdirSync(folder).flatMap(
      (name) => /^otel-genai\.(.+)\.input\.json$/.exec(name)?.[1] ?? [],
    );
    expect(names.toSorted()).toEqual(Object.keys(counts).toSorted());
  });

  it.each(Object.entries(counts))('%s counts each request once, by class', (name, expected) => {
    const { message } = JSON.parse(
      readFileSync(new URL(`otel-genai.${name}.input.json`, folder), 'utf8'),
    ) as { message: unknown };
    const decoded = decode(Buffer.from(JSON.stringify(message)), now);
    const counted: Record<string, number> = {};
    if (decoded.kind === 'ok') {
      if (decoded.rejected !== undefined) counted['dead'] = decoded.rejected.length;
      for (const log of decoded.records) {
        const found = failureOf(log)?.classification.class ?? 'ok';
        counted[found] = (counted[found] ?? 0) + 1;
      }
    }
    expect(counted).toEqual(expected);
  });
});
