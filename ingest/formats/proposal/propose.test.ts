import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createDecoder } from '../decode.ts';
import { proposeMapping } from './propose.ts';

const time = (i: number): number => Date.UTC(2026, 5, 1, 12, 0, i);
const iso = (i: number): string => new Date(time(i)).toISOString();
const now = Date.UTC(2026, 5, 2);
const many = (make: (i: number) => object): object[] => Array.from({ length: 30 }, (_, i) => make(i));

/** Counts requests by status after the records were read with the proposed mapping. */
function countsOf(records: readonly unknown[]): Record<string, number> {
  const { mapping } = proposeMapping(records);
  const decode = createDecoder({ format: 'mapped', mapping });
  const counts: Record<string, number> = {};
  for (const record of records) {
    const decoded = decode(Buffer.from(JSON.stringify(record)), now);
    const words =
      decoded.kind === 'ok' ? decoded.records.map(({ status }) => String(status)) : [decoded.reason];
    for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

test.each([
  [
    'the reason why the model stopped',
    (i: number) => ({
      at: iso(i),
      id: i,
      stop_reason: 'end_turn',
      errorCode: i % 3 ? undefined : 'Throttled',
    }),
  ],
  [
    'a message that holds the whole record',
    (i: number) => ({ at: iso(i), message: { model: 'gpt-5', errorCode: i % 3 ? undefined : 'Throttled' } }),
  ],
])('%s is not taken for the error, so that successes remain', (_fact, make) => {
  const { mapping } = proposeMapping(many(make));
  expect(mapping).not.toHaveProperty('error');
  expect(mapping['outcome']).toMatchObject({ success: 'otherwise' });
  expect(JSON.stringify(mapping['outcome'])).toMatch(/errorCode/);
});

describe('a mapping is proposed for', () => {
  it.each([
    [
      'pino, whose level is a number',
      many((i) => ({
        level: i % 3 ? 30 : 50,
        time: time(i),
        msg: 'call',
        model: 'gpt-5',
        err: i % 3 ? undefined : { message: 'no', type: 'X' },
      })),
      {
        ts: '$.time',
        model: '$.model',
        outcome: { failure: { '$.level': { above: 49 } }, success: 'otherwise' },
      },
      { 200: 20, 0: 10 },
    ],
    [
      'a gateway with request and response',
      many((i) => ({
        request: { method: 'POST', path: '/v1/responses' },
        response: { statusCode: i % 3 ? 200 : 429 },
        startedAt: iso(i),
        finishedAt: iso(i + 1),
        consumer: { name: 'a' },
      })),
      {
        ts: '$.finishedAt',
        status: '$.response.statusCode',
        client: '$.consumer.name',
        endpoint: '$.request.path',
        method: '$.request.method',
      },
      { 200: 20, 429: 10 },
    ],
    [
      'a flag for failure and seconds',
      many((i) => ({
        at: iso(i),
        isError: i % 3 === 0,
        errorMessage: i % 3 ? '' : 'Overloaded',
        durationSeconds: 1.5,
      })),
      {
        outcome: { failure: { '$.isError': true }, success: 'otherwise' },
        error: '$.errorMessage',
        latency_ms: { from: '$.durationSeconds', unit: 's' },
      },
      { 200: 20, 0: 10 },
    ],
    [
      'a code that only failures have',
      many((i) => ({
        timestamp: iso(i),
        modelId: 'm',
        ...(i % 3 ? {} : { errorCode: 'ThrottlingException' }),
      })),
      {
        exception: '$.errorCode',
        outcome: { failure: [{ '$.errorCode': 'present' }], success: 'otherwise' },
      },
      { 200: 20, 0: 10 },
    ],
    [
      'names in another language, by their values',
      many((i) => ({
        wann: iso(i),
        llm: { name: 'gpt-5-mini' },
        antwort: { wert: i % 3 ? 200 : 500 },
        text: i % 3 ? undefined : 'It broke down',
      })),
      { ts: '$.wann', status: '$.antwort.wert', model: '$.llm.name', error: '$.text' },
      { 200: 20, 500: 10 },
    ],
    [
      'JSON in a text',
      many((i) => ({ log: JSON.stringify({ when: iso(i), resp_status: i % 3 ? '200' : '429' }) })),
      { ts: '$.log.when', status: '$.log.resp_status' },
      { 200: 20, 429: 10 },
    ],
    [
      'a list of records within one message',
      [{ page: 1, items: many((i) => ({ ts: iso(i), code: i % 3 ? 200 : 401 })) }],
      { records: '$.items[*]', ts: '$.ts', status: '$.code' },
      { 200: 20, 401: 10 },
    ],
    [
      'a record with messages of a chat, which are not records',
      many((i) => ({ created_at: iso(i), messages: [{ role: 'user', content: 'hi' }], status: 200 })),
      { ts: '$.created_at', status: '$.status' },
      { 200: 30 },
    ],
    [
      'records of two kinds, with a place for each',
      many((i) => (i % 2 ? { time: iso(i), res: { status: 200 } } : { timestamp: iso(i), http_status: 500 })),
      { ts: ['$.time', '$.timestamp'], status: ['$.http_status', '$.res.status'] },
      { 200: 15, 500: 15 },
    ],
    [
      'cells of CSV, which are texts',
      many((i) => ({
        Date: `2026-06-01 12:00:${String(i).padStart(2, '0')}`,
        'HTTP Code': i % 3 ? '200' : '503',
        'Duration (ms)': '300',
      })),
      { ts: '$.Date', status: '$["HTTP Code"]', latency_ms: '$["Duration (ms)"]' },
      { 200: 20, 503: 10 },
    ],
  ])('%s', (_fact, records, mapping, counts) => {
    expect(proposeMapping(records).mapping).toMatchObject(mapping);
    expect(countsOf(records)).toEqual(counts);
  });

  it('no field when no value is a time; the time is reported as missing', () => {
    const { mapping, missing } = proposeMapping([{ a: 1, b: 'x' }]);
    expect(mapping).toEqual({});
    expect(missing.slice(0, 2)).toEqual(['ts', 'status']);
  });
});

test('an object that cannot be turned into a text is ignored', () => {
  expect(proposeMapping([{ '': { toString: null } }, { method: { toString: null } }]).mapping).toEqual({});
});

test('a proposal with time and outcome can be used, whatever the records', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.json().map((text): unknown => JSON.parse(text)),
        { maxLength: 5 },
      ),
      fc.dictionary(fc.string(), fc.integer({ min: 100, max: 599 })),
      (others, odd) => {
        const records = [...others, { ts: iso(1), status: 200, ...odd }];
        const { mapping } = proposeMapping(records);
        if (mapping['ts'] === undefined || (mapping['status'] ?? mapping['outcome']) === undefined) return;
        expect(() => createDecoder({ format: 'mapped', mapping })).not.toThrow();
      },
    ),
  );
});
