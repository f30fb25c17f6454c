import { describe, expect, it } from 'vitest';
import { sumReports, tallyInput } from '../../ingest/input-report.ts';
import { BatchRows } from '../../ingest/rows/batch-rows.ts';
import { Batcher } from '../../ingest/batcher.ts';
import { RawRecord } from '../../ingest/sources/source.ts';
import { createRecordReader } from '../../ingest/read-record.ts';
import { commonUnit, endLine, nothingCounted, reportInput } from './input-report.ts';

const NOW = Date.UTC(2026, 2, 1);
const good = `{"ts":${NOW},"status":200}`;

/** The worker's report on these lines. */
function reportOf(lines: readonly (string | null)[]) {
  const id = { topic: 'file:app.log#1', partition: 0 };
  const batcher = new Batcher(id, 0, null, createRecordReader({ format: 'auto', mapping: {} }));
  const records = lines.map((line, i) => new RawRecord(i, line === null ? null : Buffer.from(line)));
  batcher.add({ ...id, from: 0, to: lines.length, records, highWatermark: null }, NOW, 0);
  batcher.close();
  const tally = tallyInput();
  for (const batch of batcher.closed) tally.add(batch);
  return tally.report();
}

describe('the report on an input', () => {
  it('is one line, and one more for each reason of dead letters', () => {
    const report = reportOf([good, null, good, 'plain text', '{"resourceSpans":[]}', 'more text', '{"a":1}']);
    expect(report).toMatchObject({ read: 7, requests: 2, skipped: { tombstone: 1, no_request: 1 } });
    expect(report.dead.map(({ reason, count }) => [reason, count])).toEqual([
      ['not_json', 2],
      ['unknown_format', 1],
    ]);
    expect(reportInput(report, 'line')).toEqual([
      'read 7 lines: 2 requests counted, 2 skipped (1 empty, 1 without a request in it), 3 dead',
      "  2 not_json, first: line 4: not JSON: 'plain text'",
      '  1 unknown_format, first: line 7: no known format has this shape; set format, or a mapping: \'{"a":1}\'',
    ]);
  });

  it('counts a 429 without a body if only the text of the error has the status', () => {
    const report = reportOf([`{"ts":${NOW},"status":null,"error":"Request failed with status code 429"}`]);
    expect(report.answers_429).toEqual({ answers: 1, bare: 1 });
  });

  it('says how many answers with 429 have no body that says why', () => {
    const answer = (error: string): string => `{"ts":${NOW},"status":429,"error":${error}}`;
    const quota = answer('{"code":"insufficient_quota","message":"You exceeded your current quota"}');
    const [, bare] = reportInput(reportOf([good, answer('null'), answer('""'), quota]), 'line');
    expect(bare).toMatch(/^2 of 3 answers with 429 have no body that says why: rate limit, exhausted quota/);
    expect(reportInput(reportOf([good, quota]), 'line')).toHaveLength(1);
  });

  it('says how many answers with 503 have no body that says why', () => {
    const overload = `{"ts":${NOW},"status":503,"error":"The engine is currently overloaded"}`;
    const [, bare] = reportInput(reportOf([good, `{"ts":${NOW},"status":503}`, overload]), 'line');
    expect(bare).toMatch(/^1 of 2 answers with 503 has no body that says why: overload, Slow Down and /);
    expect(reportInput(reportOf([good, overload]), 'line')).toHaveLength(1);
  });

  it('does not count answers that the store refuses', () => {
    const rows = new BatchRows();
    const reader = createRecordReader({ format: 'auto', mapping: {} });
    const record = new RawRecord(0, Buffer.from(`{"ts":${NOW},"status":429}`));
    const batcher = new Batcher({ topic: 't', partition: 0 }, 0, null, reader);
    batcher.add({ topic: 't', partition: 0, from: 0, to: 1, records: [record], highWatermark: null }, NOW, 0);
    batcher.close();
    const [batch] = batcher.closed;
    expect(batch?.rows.answers429).toEqual({ answers: 1, bare: 1 });
    batch?.rows.refuse(new Set([0]), 'too long');
    expect(batch?.rows.answers429).toEqual(rows.answers429);
  });

  it('names topic, partition and offset of records', () => {
    expect(reportInput(reportOf(['x']), 'record')[1]).toContain('first: file:app.log#1/0@0: ');
  });

  it('shows no secret, no control character, and only the beginning of a long line', () => {
    const key = `sk-proj-${'a1B2'.repeat(12)}`;
    const report = reportOf([`\u001B[31m key ${key} ${'long '.repeat(100)}`]);
    const [, text = ''] = reportInput(report, 'line');
    expect(text).toContain('first: line 1: ');
    expect(text).not.toContain(key);
    expect(text).not.toMatch(/\p{Cc}/u);
    expect(text.length).toBeLessThan(300);
  });

  it('counts as dead what the store refuses', () => {
    const rows = new BatchRows();
    const at = { topic: 't', partition: 0, offset: 4, part: 0 };
    rows.reject('refused_by_store', 'too long', 'body', 4, at);
    const tally = tallyInput();
    tally.add({ rows, records: 1 });
    tally.add({ rows, records: 1 });
    expect(tally.report().dead).toEqual([
      { reason: 'refused_by_store', count: 2, first: { ...at, detail: 'too long', text: 'body' } },
    ]);
  });

  it('of several files is their sum', () => {
    const sum = sumReports([reportOf([good, 'x']), reportOf(['x', null, 'y']), reportOf([])]);
    expect(sum).toMatchObject({ read: 5, requests: 1, skipped: { tombstone: 1 } });
    expect(sum.dead).toMatchObject([{ reason: 'not_json', count: 3, first: { offset: 1, text: 'x' } }]);
  });
});

describe('an input without a request', () => {
  it.each([
    [
      'plain text',
      ['a log line', 'another'],
      /^app\.log: 2 lines, none is a request; a record has to be a JSON object.*\n  2 not_json, first: line 1: .*'a log line'\n  write the log as JSON, one object per line: Python and Node .* nginx by log_format .*$/,
    ],
    [
      'text that a container wrote',
      ['{"log":"a line\\n","stream":"stderr","time":"2026-03-01T00:00:00Z"}'],
      /^app\.log: 1 line, none is a request; what the application wrote is text.*\n  1 plain text\n  write the log as JSON/,
    ],
    [
      'another JSON',
      ['{"a":1}'],
      /; set format to one of those in docs.*\n  1 unknown_format, first: line 1: /,
    ],
    [
      'spans of something else',
      ['{"resourceSpans":[]}'],
      /^app\.log: 1 line, none is a request; spans and events count when.*\n  1 without a request in it\n  faultline try app\.log .*$/,
    ],
    [
      'empty lines',
      [null, null],
      /; check whether it is the right file\n  2 empty\n  faultline try app\.log shows how each is read, faultline init app\.log proposes a mapping$/,
    ],
    ['nothing', [], /^app\.log is empty: there was nothing to read$/],
  ])('%s: what to try, and a line for each reason', (_fact, lines, message) => {
    expect(nothingCounted(reportOf(lines), 'app.log', 'line').join('\n')).toMatch(message);
  });

  it('gives no line when there was a request', () =>
    expect(nothingCounted(reportOf([good]), 'f', 'line')).toEqual([]));
});

describe('an input that was not read to its end', () => {
  it.each([
    ['was read to its end', { damage: null, unfinished: 0 }, null],
    [
      'ends in half a line',
      { damage: null, unfinished: 12 },
      /^app\.log ends in a line that is not finished \(12 bytes\)/,
    ],
    [
      'is cut off',
      { damage: 'app.log is cut off', unfinished: 12 },
      /^app\.log is cut off: everything before that is counted, except for the line that it cuts off \(12 bytes\)$/,
    ],
  ])('%s', (_fact, facts, said) => {
    const line = endLine({ name: 'app.log', ...facts }, 'line');
    if (said === null) expect(line).toBeNull();
    else expect(line).toMatch(said);
  });

  it('several inputs have a common unit only when all have the same', () => {
    expect(commonUnit(['row', 'row'])).toBe('row');
    expect(commonUnit(['row', 'line'])).toBe('record');
  });
});
