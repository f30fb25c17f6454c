import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createDecoder } from '../formats/decode.ts';
import { LineSplitter } from './line-splitter.ts';
import type { RawRecord } from './source.ts';

const PART = 16 * 1024;
const now = Date.parse('2026-06-02T00:00:00Z');
const decode = createDecoder({ format: 'auto', mapping: {} });

/** A record of about `size` bytes. Its text has characters that JSON escapes. */
const recordOf = (size: number, id: string, fill = 'x'): string => {
  const error = 'quota "exceeded"\n\\ é';
  const prompt = fill.repeat(Math.max(0, size - 120) / Buffer.byteLength(fill));
  return JSON.stringify({ ts: '2026-06-01T12:00:00Z', status: 429, request_id: id, error, prompt });
};

const docker = (text: string, stream = 'stdout', time = '2026-06-01T12:00:00Z'): string =>
  JSON.stringify({ log: text, stream, time });
const cri = (text: string, tag: 'P' | 'F', stream = 'stdout'): string =>
  `2026-06-01T12:00:00.123456789Z ${stream} ${tag} ${text}`;

/** As Docker writes a line: in parts of 16 KiB, cut within characters too. */
function dockerParts(text: string, stream = 'stdout'): string[] {
  const bytes = Buffer.from(`${text}\n`);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PART)
    parts.push(docker(bytes.subarray(at, at + PART).toString(), stream));
  return parts;
}

function criParts(text: string, stream = 'stdout'): string[] {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PART)
    parts.push(cri(bytes.toString('latin1', at, at + PART), at + PART < bytes.length ? 'P' : 'F', stream));
  return parts.map((part) => Buffer.from(part, 'latin1').toString('latin1'));
}

function read(
  lines: readonly string[],
  { from = 0, size = 1 << 20 } = {},
): { records: RawRecord[]; held: number } {
  const splitter = new LineSplitter(from);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const records: RawRecord[] = [];
  for (let at = 0; at < bytes.length; at += size)
    records.push(...splitter.push(bytes.subarray(at, at + size)).flat());
  return { records, held: splitter.held };
}

/** The request id of each record, or the reason why the record is no request. */
const told = (records: readonly RawRecord[]): string[] =>
  records.map(({ value }) => {
    const decoded = decode(value, now);
    return decoded.kind === 'ok' ? decoded.records.map((one) => one.request_id).join() : decoded.reason;
  });

describe('lines that a container runtime cut', () => {
  it.each([
    ['Docker', dockerParts],
    ['CRI', criParts],
  ])('are one record, which has the offset of their last part: %s', (_name, parts) => {
    const lines = [
      ...parts(recordOf(100, 'a')),
      ...parts(recordOf(2.5 * PART, 'b')),
      ...parts(recordOf(100, 'c')),
    ];
    const { records, held } = read(lines);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
    expect(told(records)).toEqual(['a', 'partial_line', 'partial_line', 'b', 'c']);
    expect(held).toBe(0);
  });

  it('are joined for each stream by itself', () => {
    const [one = '', two = ''] = dockerParts(recordOf(1.5 * PART, 'out'));
    const [three = '', four = ''] = dockerParts(recordOf(1.5 * PART, 'err'), 'stderr');
    expect(told(read([one, three, four, two]).records)).toEqual([
      'partial_line',
      'partial_line',
      'err',
      'out',
    ]);
  });

  it('wait for their last part and say how much waits', () => {
    const [one = '', two = ''] = dockerParts(recordOf(1.5 * PART, 'a'));
    const cut = read([one]);
    expect(told(cut.records)).toEqual(['partial_line']);
    expect(cut.held).toBeGreaterThanOrEqual(PART);
    expect(told(read([one, two], { from: 1 }).records)).toEqual(['a']);
  });

  it('do not swallow the line after a writer that died', () => {
    const [one = ''] = dockerParts(recordOf(1.5 * PART, 'a'));
    expect(told(read([one, docker(`${recordOf(100, 'b')}\n`)]).records)).toEqual(['partial_line', 'b']);
    const [part = ''] = criParts(recordOf(1.5 * PART, 'a'));
    expect(told(read([part, cri(recordOf(100, 'b'), 'F')]).records)).toEqual(['partial_line', 'b']);
  });

  it('are partial lines where the last part is missing, but a last part alone is plain text', () => {
    const [one = '', two = '', three = ''] = dockerParts(recordOf(2.5 * PART, 'a'));
    expect(told(read([one]).records.concat(read([two]).records))).toEqual(['partial_line', 'partial_line']);
    expect(told(read([three]).records)).toEqual(['plain_text']);
  });

  it('are a dead letter when they are over 4 MiB together, and no more than that is held', () => {
    const endless = docker('x'.repeat(PART));
    const { records, held } = read(Array.from({ length: 400 }, () => endless));
    expect(records).toHaveLength(400);
    expect(held).toBeLessThan(4.1 * 1024 * 1024);
    const ended = read([...Array.from({ length: 400 }, () => endless), docker('end\n')]).records.at(-1);
    expect(decode(ended?.value ?? null, now)).toMatchObject({ kind: 'reject', reason: 'too_large' });
  });

  it('are not confused with whole lines whose line ends a shipper removed', () => {
    expect(told(read([docker(recordOf(3 * PART, 'a')), docker(recordOf(50, 'b'))]).records)).toEqual([
      'a',
      'b',
    ]);
  });

  test('are the same records at the same offsets, wherever reading resumes', () => {
    const size = fc.integer({ min: 90, max: 3 * PART });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(size, fc.constantFrom('stdout', 'stderr'), fc.boolean()), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat(),
        fc.integer({ min: 1_000, max: 100_000 }),
        (sizes, start, piece) => {
          const lines = sizes.flatMap(([bytes, stream, isDocker], i) =>
            (isDocker ? dockerParts : criParts)(recordOf(bytes, `id-${i}`, 'xé'), stream),
          );
          const all = read(lines).records;
          const from = start % (lines.length + 1);
          const again = read(lines, { from, size: piece }).records;
          const asTexts = (records: readonly RawRecord[]): string[] =>
            records.map(({ offset, value }) => `${offset} ${value?.toString()}`);
          expect(asTexts(again)).toEqual(asTexts(all.slice(from)));
          expect(told(all).filter((one) => one.startsWith('id-'))).toHaveLength(sizes.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
