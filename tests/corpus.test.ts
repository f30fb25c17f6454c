import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ClassifierInput } from '../domain/classification.ts';
import { defaultPrivacy } from '../domain/settings.ts';
import { classify } from '../ingest/classify/classify.ts';
import { Redactor } from '../ingest/redact/redact.ts';

interface Sample {
  label: string;
  status: number | null;
  body: string;
  headers?: Record<string, string>;
  provider?: string;
  fault?: string;
  /** Seconds that the answer asks to wait. */
  wait?: number;
}

// errors.jsonl: error texts that people met. variants.jsonl: shapes that errors.jsonl does not have. vendors.jsonl:
// answers from the documents of vendors, gateways and clients.
const met = samplesOf('errors.jsonl');
const variants = samplesOf('variants.jsonl');
const vendors = samplesOf('vendors.jsonl');
const all = [...met, ...variants, ...vendors];

describe('corpus', () => {
  test.each(met.map((sample) => [nameOf(sample), sample] as const))(
    'an error text that people met gets its class: %s',
    (_name, sample) => {
      expect(classify(inputOf(sample)).class).toBe(sample.label);
    },
  );

  test.each(variants.map((sample) => [nameOf(sample), sample] as const))(
    'a variant of an error text gets its class: %s',
    (_name, sample) => {
      expect(classify(inputOf(sample)).class).toBe(sample.label);
    },
  );

  test.each(vendors.map((sample) => [nameOf(sample), sample] as const))(
    'an answer from the documents of a vendor gets its class: %s',
    (_name, sample) => {
      const { class: name, fault, wait_seconds } = classify(inputOf(sample));
      expect({ class: name, fault, wait: wait_seconds }).toEqual({
        class: sample.label,
        fault: sample.fault ?? fault,
        wait: sample.wait ?? wait_seconds,
      });
      // The gateway may be named as the party at fault only if the gateway itself refused.
      if (sample.fault === undefined) expect(fault).not.toBe('gateway');
    },
  );

  test('the corpus has at least 18 classes, and every answer names its rule', () => {
    expect(new Set(all.map((sample) => sample.label)).size).toBeGreaterThanOrEqual(18);
    for (const sample of all) expect(classify(inputOf(sample)).rule).not.toBe('');
  });

  test('redaction changes no class, and most texts not at all', () => {
    const strictest = new Redactor({ ...defaultPrivacy, hide_ip: true });
    const hidden = all.filter((sample) => strictest.text(sample.body) !== sample.body);
    // Texts that may be redacted although they are no secrets: keys in the short form that issuers show, support
    // addresses, answers before an error.
    expect(hidden.length).toBeLessThan(all.length / 10);
    const wrong = all.filter((sample) => {
      const input = inputOf(sample);
      return classify({ ...input, error: strictest.value(input.error) }).class !== sample.label;
    });
    expect(wrong.map(nameOf)).toEqual([]);
  });

  test('a text has the same class without its status', () => {
    const stated = met.filter((sample) => sample.status !== null);
    const wrong = stated.filter(
      (sample) => classify({ ...inputOf(sample), status: 0 }).class !== sample.label,
    );
    expect(wrong.map(nameOf)).toEqual([]);
  });
});

const quote = (text: string) => JSON.stringify(text);
const wrapped = (text: string) => text.replace(/(.{40,}?) /g, '$1\n     ');

/** Changes that loggers, relays and terminals make to a text without changing its meaning. */
const damages: [string, (text: string) => unknown][] = [
  [
    'an error object of a relay',
    (text) => ({ error: { message: text, type: 'upstream_error', code: null } }),
  ],
  ['an error that is a string', (text) => `{"error": ${quote(text)}}`],
  [
    'JSON in JSON in JSON',
    (text) => quote(JSON.stringify({ error: { message: JSON.stringify({ message: text }) } })),
  ],
  ['a list', (text) => [{ error: { message: text } }]],
  ['a detail', (text) => ({ detail: text })],
  ['a batch', (text) => ({ errors: { data: [{ code: null, line: 1, message: text }] } })],
  ['a stream event', (text) => `event: error\ndata: ${JSON.stringify({ type: 'error', message: text })}\n\n`],
  ['Rust debug output', (text) => `http error: Some(${quote(text)})`],
  ['a Go map', (text) => `map[error:map[code:<nil> message:${text} type:x]]`],
  ['typographic quotes', (text) => text.replaceAll('"', '”').replaceAll("'", '’')],
  ['a terminal', wrapped],
  ['a frame', (text) => wrapped(text).replace(/^/gm, '│ ')],
  ['a quotation', (text) => text.replace(/^/gm, '> ')],
  ['container logs', (text) => wrapped(text).replace(/^/gm, 'worker-1  | ')],
  ['capitals', (text) => text.toUpperCase()],
  ['a log prefix', (text) => `2026-03-01T03:00:00.412Z ERROR worker[3] 5f3c500a call failed: ${text}`],
  ['a relay suffix', (text) => `${text} (request id: 20260203113641101064610abcdefgh)`],
  ['a notice of the next try', (text) => `${text}. Retrying in 4 seconds... (attempt 1/3)`],
  ['a thrown error', (text) => new Error(text)],
  ['the cause of a thrown error', (text) => new Error('call failed', { cause: new Error(text) })],
];

describe('damage', () => {
  test.each(damages)('%s changes no class', (_name, damage) => {
    const wrong = met.filter(
      (sample) =>
        classify({ ...inputOf(sample), headers: null, error: damage(sample.body) }).class !== sample.label,
    );
    expect(wrong.map(nameOf)).toEqual([]);
  });
});

function samplesOf(file: string): Sample[] {
  const lines = readFileSync(new URL(`./corpus/${file}`, import.meta.url), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Sample);
}

function nameOf(sample: Sample): string {
  return `${sample.label} from ${sample.status ?? 'no status'} ${sample.body.slice(0, 70).replace(/\s+/g, ' ')}`;
}

function inputOf(sample: Sample): ClassifierInput {
  return {
    provider: sample.provider ?? '',
    status: sample.status ?? 0,
    error: sample.body === '' ? null : sample.body,
    exception: '',
    headers: sample.headers ?? null,
  };
}
