import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../ingest/formats/decode.ts';
import { presets, readPreset } from '../ingest/formats/presets/presets.ts';
import { createTracer } from '../ingest/formats/trace.ts';
import { failureOf } from '../ingest/rows/judged-error.ts';

const now = Date.parse('2026-06-02T00:00:00Z');
const root = new URL('../', import.meta.url);
const samples = new URL('formats/samples/', import.meta.url);
const read = (url: URL): string => readFileSync(url, 'utf8');

/** The members of the output of `replay --json` that this test compares. */
interface Counts {
  counts: Record<string, number>;
  skipped: Record<string, number>;
  dead: Record<string, number>;
}

function countsOf(lines: readonly string[], format: string): Counts {
  const decode = createDecoder({ format, mapping: {} });
  const sum: Counts = { counts: {}, skipped: {}, dead: {} };
  const add = (to: Record<string, number>, name: string): void => {
    to[name] = (to[name] ?? 0) + 1;
  };
  for (const line of lines) {
    const decoded = decode(Buffer.from(line), now);
    if (decoded.kind === 'reject') add(sum.dead, decoded.reason);
    if (decoded.kind === 'skip') add(sum.skipped, decoded.reason);
    if (decoded.kind !== 'ok') continue;
    for (const log of decoded.records) add(sum.counts, failureOf(log)?.classification.class ?? 'ok');
    for (const { reason } of decoded.rejected ?? []) add(sum.dead, reason);
    for (const reason of decoded.skipped ?? []) add(sum.skipped, reason);
  }
  return sum;
}

const names = [...presets().keys()];

describe.each(names)('the preset %s', (name) => {
  const sample = new URL(`${name}.ndjson`, samples);
  const expected = new URL(`${name}.expected.json`, samples);

  it('has a sample, expected counts and a page', () => {
    expect(existsSync(sample), `missing: tests/formats/samples/${name}.ndjson`).toBe(true);
    expect(existsSync(expected), `missing: tests/formats/samples/${name}.expected.json`).toBe(true);
    const page = new URL(`docs/formats/${name}.md`, root);
    expect(existsSync(page), `missing: docs/formats/${name}.md`).toBe(true);
    expect(read(page)).toMatch(new RegExp(`^# \`${name}\`\n`));
    expect(read(new URL('docs/formats/README.md', root))).toContain(`| [\`${name}\`](${name}.md) |`);
  });

  it.each(['auto', name])('reads its sample with format %s and gets the expected counts', (format) => {
    const lines = read(sample).split('\n').filter(Boolean);
    expect(lines.length).toBeGreaterThan(0);
    expect(countsOf(lines, format)).toEqual(JSON.parse(read(expected)));
  });
});

/** The formats that read the records of a line with `auto`. */
function formatsOf(line: string): string[] {
  const trace = createTracer({ format: 'auto', mapping: {} });
  return [...new Set(trace(Buffer.from(line), now).records.map(({ format }) => format))];
}

describe('auto', () => {
  // Records in envelopes have other formats.
  it.each(names.filter((name) => name !== 'wrapped-json'))(
    'reads nothing of %s as another format',
    (name) => {
      const lines = read(new URL(`${name}.ndjson`, samples))
        .split('\n')
        .filter(Boolean);
      const others = lines.filter((line) => formatsOf(line).some((format) => format !== name));
      expect(others).toEqual([]);
      expect(lines.some((line) => formatsOf(line).length > 0)).toBe(true);
    },
  );

  it("tries the format of a logger's line last, after the formats of its content", () => {
    const record = { ts: '2026-06-01T12:00:00Z', status: 429, model: 'm' };
    const line = { level: 'info', timestamp: record.ts, message: 'llm call', data: record };
    expect(formatsOf(JSON.stringify(line))).toEqual(['native']);
    expect(formatsOf(JSON.stringify({ ...line, data: { model: 'm' } }))).toEqual(['app-loggers']);
    const azure = read(new URL('azure-openai.ndjson', samples)).split('\n')[1] ?? '';
    expect(JSON.parse(azure)).toMatchObject({ level: 'Informational', event: 'ShoeboxCallResult' });
    expect(formatsOf(azure)).toEqual(['azure-openai']);
  });
});

describe('presets', () => {
  it('exist for all samples', () => {
    const known = readdirSync(samples).map((file) => file.replace(/\.(?:ndjson|expected\.json)$/, ''));
    expect([...new Set(known)].sort()).toEqual(names);
  });

  it.each([
    ['recognise: {$.a: present}\nts: $.t\nstatus: $.s', /^presets\/x\.yaml\.about: missing/],
    ['about: a\nts: $.t\nstatus: $.s', /^presets\/x\.yaml\.recognise: missing/],
    [
      'about: a\nrecognise: {$.a: present}\nts: $..t\nstatus: $.s',
      /^presets\/x\.yaml\.ts: .* from character 2 on/,
    ],
    ['- 1', /^presets\/x\.yaml: \[1\] is not a map/],
  ])('name file and key when they are wrong: %j', (text, message) => {
    expect(() => readPreset('x', text)).toThrow(message);
  });
});
