import { describe, expect, it } from 'vitest';
import type { Decoded } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import { recordDecoder } from './formats.ts';
import type { MappingSpec } from './mapping/mapping.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const time = '2026-06-01T11:59:58Z';
const base = { ts: '$.t', status: '$.s' };
const written = Date.parse('2025-02-03T04:05:06Z');
const read = (mapping: MappingSpec, message: unknown, format = 'mapped'): Decoded =>
  recordDecoder({ format, mapping }, new Cleaner())(message, now, written);
const decode = (mapping: MappingSpec, message: object): Decoded =>
  read({ ...base, ...mapping }, { t: time, ...message });
const noOutcome =
  'status: a status, an error or an exception is required; where all others are successes, write outcome: {failure: {$.error: present}, success: otherwise}';
const one = (expected: object) => ({ kind: 'ok', records: [expected] });

describe('the mapped format', () => {
  it.each<[string, MappingSpec, object, object]>([
    ['status', { status: '$.s' }, { s: '429' }, { status: 429 }],
    ['latency in seconds', { latency_s: 'l' }, { s: 200, l: '1.5' }, { latency_ms: 1500 }],
    [
      'numbers for texts',
      { org: 'o', client: 'c' },
      { s: 200, o: 12, c: true },
      { org: '12', client: 'true' },
    ],
    ['a flag that is a text', { stream: 'f' }, { s: 200, f: 'True' }, { stream: true }],
    [
      'fixed values',
      { provider: '=Azure', status: 500, stream: true },
      {},
      { provider: 'azure', status: 500, stream: true },
    ],
    ['an error list', { error: 'e' }, { s: 400, e: [{ code: 1 }] }, { error: [{ code: 1 }] }],
    [
      'the first path that has a value',
      { model: ['$.a', '$.b', '=none known'] },
      { s: 200, a: null, b: 'x' },
      { model: 'x' },
    ],
    ['a default', { model: ['$.a', '=gpt'] }, { s: 200, a: '-' }, { model: 'gpt' }],
    ['a default in a map', { model: { from: '$.a', default: 'gpt' } }, { s: 200 }, { model: 'gpt' }],
    ['the last of a list', { model: '$.m[-1]' }, { s: 200, m: ['a', 'b'] }, { model: 'b' }],
    [
      'a part of a text',
      { model: { from: '$.p', match: '/deployments/([^/]+)' } },
      { s: 200, p: '/openai/deployments/gpt-4o/chat' },
      { model: 'gpt-4o' },
    ],
    [
      'the first of a list of which something can be made',
      { provider: { from: ['$.address', '$.host'], match: '^(api\\..*)$' } },
      { s: 200, address: '203.0.113.5:443', host: 'api.anthropic.com' },
      { provider: 'anthropic' },
    ],
    ['words', { status: { from: '$.s', words: { '-3': 499, cached: 200 } } }, { s: -3 }, { status: 499 }],
    [
      'words to nothing',
      { client: { from: '$.c', words: { unknown: null } } },
      { s: 200, c: 'Unknown' },
      { client: '' },
    ],
    [
      'a value under a condition',
      { ttft_ms: { from: '$.f', when: { '$.stream': true } } },
      { s: 200, f: 5, stream: 'false' },
      { ttft_ms: 0 },
    ],
    [
      'a host as provider',
      { provider: '$.h' },
      { s: 200, h: 'https://api.anthropic.com:443/v1' },
      { provider: 'anthropic' },
    ],
    [
      'JSON in a text',
      { model: '$.m.request.model', error: '$.m.error' },
      { s: 429, m: '{"request":{"model":"x"},"error":"no"}' },
      { model: 'x', error: 'no' },
    ],
    [
      'JSON in a text in a text',
      { model: '$.m.r.model' },
      { s: 200, m: JSON.stringify({ r: '{"model":"x"}' }) },
      { model: 'x' },
    ],
  ])('reads %s', (_name, mapping, message, expected) => {
    expect(decode(mapping, message)).toMatchObject(one(expected));
  });

  it.each(['', '-', ' - ', 'null', 'NULL', 'None', 'undefined', 'n/a', 'NaN', null, {}, [], '{}'])(
    'treats %j as no value, in every field',
    (nothing) => {
      const mapping = {
        client: 'c',
        latency_ms: 'l',
        error: 'e',
        exception: 'x',
        stream: 'f',
        model: ['m', '=known'],
        headers: 'h',
      };
      const message = {
        s: 200,
        c: nothing,
        l: nothing,
        e: nothing,
        x: nothing,
        f: nothing,
        m: nothing,
        h: nothing,
      };
      const decoded = decode(mapping, message);
      expect(decoded).toMatchObject(
        one({ status: 200, client: '', latency_ms: 0, error: null, exception: '', model: 'known' }),
      );
      expect(decoded).not.toHaveProperty('dropped');
    },
  );

  it.each(['', '-', 'None', 'n/a', 'undefined', 'nan', null, {}, []])(
    'finds nothing in %j by any condition',
    (nothing) => {
      for (const test of ['present', { matches: '[a-z-]|^$' }, { below: 1 }, { above: -1 }]) {
        const decoded = decode({ skip: { hit: { '$.c': test } } }, { s: 429, c: nothing });
        expect(decoded).toMatchObject(one({ status: 429 }));
      }
      const absent = decode({ skip: { hit: { '$.c': 'absent' } } }, { s: 429, c: nothing });
      expect(absent).toEqual({ kind: 'skip', reason: 'hit' });
    },
  );

  it.each<[unknown, unknown, object]>([
    [{}, 'quota', { error: 'quota' }],
    [[], 'quota', { error: 'quota' }],
    [false, 'quota', { error: 'quota' }],
    ['false', 'quota', { error: 'quota' }],
    [0, 'quota', { error: 'quota' }],
    [true, 'quota', { error: 'quota' }],
    ['True', 'quota', { error: 'quota' }],
    [true, undefined, { status: 0, error: 'the log tells of a failure without details' }],
    [false, undefined, { status: 200, error: null }],
    [{}, undefined, { status: 200, error: null }],
    [{ code: 'x' }, 'quota', { error: { code: 'x' } }],
  ])('of an error %j and a message %j takes what tells', (error, message, expected) => {
    expect(decode({ error: ['$.e', '$.m'] }, { s: 200, e: error, m: message })).toMatchObject(one(expected));
  });

  it.each<[string | number, string | undefined, number]>([
    [95, undefined, 95],
    ['95', undefined, 95],
    ['95ms', undefined, 95],
    ['0.25 s', undefined, 250],
    ['1500 µs', undefined, 1.5],
    ['1500us', undefined, 1.5],
    ['2000000ns', undefined, 2],
    ['1m2.5s', undefined, 62_500],
    ['1,234.5', undefined, 1234.5],
    [0.25, 's', 250],
    [1500, 'us', 1.5],
    ['2000000', 'ns', 2],
    ['95ms', 's', 95],
    ['0.1, 0.2', 's', 300],
    ['-, 0.2', 's', 200],
  ])('reads the duration %j in unit %s as %d ms', (value, unit, ms) => {
    const source = unit === undefined ? '$.l' : { from: '$.l', unit };
    const decoded = decode({ latency_ms: source }, { s: 200, l: value });
    expect(decoded.kind === 'ok' && decoded.records[0]?.latency_ms).toBeCloseTo(ms, 9);
  });

  it.each<[string | number, string | undefined, number]>([
    ['$0.0042', undefined, 0.0042],
    ['0.0042 USD', undefined, 0.0042],
    ['42 cents', undefined, 0.42],
    [42, 'cents', 0.42],
  ])('reads the cost %j in unit %s as %d dollars', (value, unit, usd) => {
    const source = unit === undefined ? '$.c' : { from: '$.c', unit };
    const decoded = decode({ cost_usd: source }, { s: 200, c: value });
    expect(decoded.kind === 'ok' && decoded.records[0]?.cost_usd).toBeCloseTo(usd, 9);
  });

  it.each<[unknown, number]>([
    [-1, 0],
    ['-3', 0],
    ['429', 429],
    ['429 Too Many Requests', 429],
    ['HTTP/1.1 503 Service Unavailable', 503],
    ['502, 200', 200],
    ['502 : 504', 504],
    ['-, 502', 502],
    ['502, -', 502],
    ['200.0', 200],
    ['success', 200],
    ['ERROR', 0],
  ])('reads the status %j as %i', (value, status) => {
    expect(decode({}, { s: value })).toMatchObject(one({ status }));
  });

  it.each<[unknown, string | undefined, string]>([
    ['2026-06-01T11:00:00.123Z', undefined, '2026-06-01T11:00:00.123Z'],
    ['2026-06-01 13:00:00', 'Europe/Berlin', '2026-06-01T11:00:00.000Z'],
    ['2026-01-15 12:00:00', 'Europe/Berlin', '2026-01-15T11:00:00.000Z'],
    ['2026-06-01T11:00:00Z', 'Europe/Berlin', '2026-06-01T11:00:00.000Z'],
    ['2026-06-01 13:00:00', '+02:00', '2026-06-01T11:00:00.000Z'],
    ['Mon, 01 Jun 2026 11:00:00 GMT', undefined, '2026-06-01T11:00:00.000Z'],
    ['01/Jun/2026:13:00:00 +0200', undefined, '2026-06-01T11:00:00.000Z'],
    ['[01/Jun/2026:13:00:00 +0200]', undefined, '2026-06-01T11:00:00.000Z'],
    [
      'Mon Jun 01 2026 13:00:00 GMT+0200 (Central European Summer Time)',
      undefined,
      '2026-06-01T11:00:00.000Z',
    ],
    ['Mon Jun  1 11:00:00 2026', undefined, '2026-06-01T11:00:00.000Z'],
    ['2026/06/01 20:00:00.5', 'Asia/Tokyo', '2026-06-01T11:00:00.500Z'],
    [1_780_311_600, undefined, '2026-06-01T11:00:00.000Z'],
    ['1780311600.25', undefined, '2026-06-01T11:00:00.250Z'],
    [1_780_311_600_000_000, undefined, '2026-06-01T11:00:00.000Z'],
    ['1780311600000000000', undefined, '2026-06-01T11:00:00.000Z'],
  ])('reads the time %j in zone %s as %s', (value, zone, iso) => {
    const mapping = zone === undefined ? base : { ...base, time_zone: zone };
    expect(read(mapping, { t: value, s: 200 })).toMatchObject(one({ ts: Date.parse(iso) }));
  });

  it('computes a duration from two times, and the end from start and duration', () => {
    const mapping = {
      ts: { from: '$.start', plus: { from: '$.s', unit: 's' } },
      status: '=200',
      latency_ms: { between: ['$.start', '$.end'] },
    };
    const message = { start: '2026-06-01T11:00:00Z', end: '2026-06-01T11:00:01.5Z', s: 2 };
    expect(read(mapping, message)).toMatchObject(
      one({ ts: Date.parse('2026-06-01T11:00:02Z'), latency_ms: 1500 }),
    );
  });

  it.each([
    [{ 'retry-after': '3' }],
    [[{ name: 'Retry-After', value: '3' }]],
    [[{ key: 'retry-after', value: '3' }]],
    [[['retry-after', '3']]],
    [['retry-after: 3', 'server: x']],
    ['{"retry-after":"3"}'],
    ['HTTP/1.1 429\r\nRetry-After: 3\r\n'],
    [{ 'retry-after': ['3'] }],
  ])('reads the headers %j', (headers) => {
    expect(decode({ headers: 'h' }, { s: 429, h: headers })).toMatchObject(
      one({ headers: { 'retry-after': '3' } }),
    );
  });

  it.each<[string, MappingSpec, object, object]>([
    [
      'a word of failure',
      { outcome: '$.level', error: '$.m' },
      { level: 'ERROR', m: 'quota' },
      { status: 0, error: 'quota' },
    ],
    [
      'a flag',
      { outcome: '$.success', error: '$.m' },
      { success: false, m: 'quota' },
      { status: 0, error: 'quota' },
    ],
    [
      'a failure without details',
      { outcome: '$.success' },
      { success: false },
      { status: 0, error: 'the log tells of a failure without details' },
    ],
    [
      'a failure with its status',
      { outcome: '$.success', status: '$.s' },
      { success: false, s: 429 },
      { status: 429, error: null },
    ],
    [
      'a failure after a 200',
      { outcome: '$.success', status: '$.s', error: '$.m' },
      { success: false, s: 200, m: 'cut off' },
      { status: 0, error: 'cut off' },
    ],
    [
      'a success, whatever its message says',
      { outcome: '$.success', error: '$.m' },
      { success: true, m: 'you exceeded your current quota' },
      { status: 200, error: null },
    ],
    [
      'a success without an HTTP answer',
      { outcome: '$.ok', status: '$.s', error: '$.m' },
      { ok: true, s: 0, m: 'x' },
      { status: 200, error: null },
    ],
    [
      'a success, whatever the word that stands for its status',
      { outcome: { success: { '$.ok': true } }, status: '$.s', error: '$.m' },
      { ok: true, s: 'error', m: 'x' },
      { status: 200, error: null },
    ],
    [
      'a word of failure against a success of which nothing else is said',
      { outcome: { failure: { '$.level': 'ERROR' }, success: 'otherwise' }, status: '$.s', error: '$.m' },
      { level: 'INFO', s: 'failed', m: 'quota' },
      { status: 0, error: 'quota' },
    ],
    [
      'own words',
      { outcome: { failure: { '$.level': [50, 60] }, success: 'otherwise' } },
      { level: 30 },
      { status: 200, error: null },
    ],
    [
      'a field that only failures have',
      { outcome: { failure: { '$.errorCode': 'present' }, success: 'otherwise' }, error: '$.errorCode' },
      { errorCode: 'Throttling' },
      { error: 'Throttling' },
    ],
    [
      'a status against a word',
      { outcome: '$.success', status: '$.s' },
      { success: true, s: 500 },
      { status: 500 },
    ],
  ])('tells the outcome by %s', (_name, mapping, message, expected) => {
    expect(read({ ts: '$.t', ...mapping }, { t: time, ...message })).toMatchObject(one(expected));
  });

  it('skips records as the mapping says, with its reason', () => {
    const mapping = {
      ...base,
      skip: { cache_hit: { '$.cache': true }, other_event: { '$.event': { not: ['done', 'failed'] } } },
    };
    const skip = (reason: string) => ({ kind: 'skip', reason });
    expect(read(mapping, { t: time, s: 200, cache: 'True', event: 'done' })).toEqual(skip('cache_hit'));
    expect(read(mapping, { t: time, s: 200, event: 'started' })).toEqual(skip('other_event'));
    expect(read(mapping, { t: time, s: 200, cache: 'False', event: 'done' })).toMatchObject(
      one({ status: 200 }),
    );
  });

  it.each([null, [], {}, 'x', '', '-', 7])(
    'reads a message itself where %j stands for its records',
    (data) => {
      const mapping = { ...base, records: ['$.data[*]', '$.data', '$'] };
      for (const format of ['mapped', 'auto'])
        expect(read(mapping, { t: time, s: 429, data }, format)).toMatchObject(one({ status: 429 }));
    },
  );

  it('says of every element of a list what became of it', () => {
    const mapping = { ...base, records: '$.pages[*].items[*]' };
    const odd = { items: { t: time, s: 500 } };
    const pages = [{ item: [{ t: time, s: 429 }] }, odd, { items: [{ t: time, s: 200 }] }, { items: [] }];
    for (const format of ['mapped', 'auto'])
      expect(read(mapping, { pages }, format)).toMatchObject({
        kind: 'ok',
        records: [{ status: 200 }],
        skipped: ['no_request'],
        rejected: [{ reason: 'mapping', detail: 'records: element 1 has no list of records at its path' }],
      });
    expect(read(mapping, { pages: [odd] })).toMatchObject({
      kind: 'ok',
      rejected: [{ body: JSON.stringify({ pages: [odd] }) }],
    });
  });

  describe('with several records in a message', () => {
    const mapping = {
      ...base,
      records: ['$.page.items[*]', '$'],
      region: '$$.region',
      skip: { cache_hit: { '$.cache': true } },
    };
    const items = [
      { t: time, s: 200 },
      { t: 'x', s: 500, k: 'sk-abcdefghijklmnopqrst' },
      { t: time, s: 200, cache: true },
      { t: time, s: 429 },
    ];

    it('reads each record, and values of the message around them', () => {
      const decoded = read(mapping, { region: 'eu', page: JSON.stringify({ items }) });
      expect(decoded).toMatchObject({
        kind: 'ok',
        records: [
          { status: 200, region: 'eu' },
          { status: 429, region: 'eu' },
        ],
        rejected: [{ part: 1, reason: 'bad_timestamp' }],
        skipped: ['cache_hit'],
      });
      const body = decoded.kind === 'ok' ? (decoded.rejected?.[0]?.body ?? '') : '';
      expect(body).not.toContain('abcdefghijkl');
      expect(read(mapping, JSON.parse(body))).toMatchObject({ rejected: [{ reason: 'bad_timestamp' }] });
    });

    it('reads a message that is a record, and one that is a list of records', () => {
      expect(read(mapping, { t: time, s: 500, region: 'us' })).toMatchObject(one({ region: 'us' }));
      expect(read(mapping, items)).toMatchObject({ records: [{ status: 200 }, { status: 429 }] });
    });

    it('has no request when the list is empty', () => {
      expect(read({ ...mapping, records: '$.r[*]' }, { r: [] })).toEqual({
        kind: 'skip',
        reason: 'no_request',
      });
      expect(read({ ...mapping, records: '$.r[*]' }, {})).toMatchObject({
        kind: 'reject',
        reason: 'mapping',
      });
    });
  });

  it.each([
    [{ t: 'yesterday', s: 200 }, 'bad_timestamp', 'ts: the value at its path is not a time'],
    [{ s: 200 }, 'mapping', 'ts: its path has no value'],
    [{ t: time }, 'schema', noOutcome],
    [{ t: time, s: 'pending' }, 'schema', noOutcome],
    ['text', 'mapping', 'ts: its path has no value'],
  ])('rejects only a record without a time or an outcome: %j', (message, reason, detail) => {
    expect(read(base, message)).toEqual({ kind: 'reject', reason, detail });
  });

  it('names the fields whose value could not be used, and counts the record', () => {
    const mapping = { client: '$.c', stream: '$.f', latency_ms: '$.l', input_tokens: '$.i', headers: '$.h' };
    const odd = { s: 429, c: { a: 1 }, f: 'maybe', l: 'fast', i: 'many', h: 7 };
    expect(decode(mapping, odd)).toMatchObject({
      ...one({ status: 429, client: '' }),
      dropped: ['client', 'stream', 'latency_ms', 'input_tokens', 'headers'],
    });
  });
});

describe('presets and the mapping of the settings', () => {
  const row = { call_type: 'x', startTime: time, spend: 0.1, status: 'success', team_id: 'team' };

  it('a mapping changes a preset', () => {
    for (const [format, mapping] of [
      ['mapped', { preset: 'litellm-spendlogs', client: '$.team_id' }],
      ['litellm-spendlogs', { client: '$.team_id' }],
      ['auto', { preset: 'litellm-spendlogs', client: '$.team_id' }],
    ] as const)
      expect(read(mapping, row, format)).toMatchObject(one({ client: 'team', status: 200 }));
  });

  it('names an unknown format and an unknown preset', () => {
    expect(() => read({}, {}, 'litelm')).toThrow(
      /^format: "litelm" is not a format; use one of auto, native, .*litellm-spendlogs/,
    );
    expect(() => read({ preset: 'x' }, {})).toThrow(
      /^mapping\.preset: "x" is not a preset; use one of .*litellm-spendlogs/,
    );
  });

  it('counts a record without a time at the time of its source, if the mapping says so', () => {
    const untimed = { ...base, without_time: 'now' };
    expect(read(untimed, { s: 500 })).toMatchObject(one({ ts: written, status: 500 }));
    expect(read(untimed, { t: time, s: 500 })).toMatchObject(one({ ts: Date.parse(time) }));
    const list = { ...untimed, records: '$.r[*]' };
    expect(read(list, { r: [{ s: 500 }, { s: 429 }] })).toMatchObject({
      records: [{ ts: written }, { ts: written }],
    });
    expect(read({ ...untimed, recognise: { '$.s': 'number' } }, { s: 500 }, 'auto')).toMatchObject(
      one({ ts: written }),
    );
    // A time that cannot be read is not the same as a missing time.
    expect(read(untimed, { t: 'soon', s: 500 })).toMatchObject({ reason: 'bad_timestamp' });
    expect(read(base, { s: 500 })).toMatchObject({ reason: 'mapping' });
  });

  it('the time of a record without a time does not depend on the records read before', () => {
    const decode = recordDecoder(
      { format: 'mapped', mapping: { ...base, without_time: 'now' } },
      new Cleaner(),
    );
    const first = decode({ s: 500 }, now, written);
    decode({ t: time, s: 500 }, now, now);
    expect(decode({ s: 500 }, now + 60_000, written)).toEqual(first);
  });

  it('a fixed value can have a condition', () => {
    const mapping = { ...base, error: ['$.body', { from: '=refused by us', when: { '$.by': 'us' } }] };
    const error = (message: object) => read(mapping, { t: time, s: 429, ...message });
    expect(error({ by: 'us' })).toMatchObject(one({ error: 'refused by us' }));
    expect(error({ by: 'us', body: 'x' })).toMatchObject(one({ error: 'x' }));
    expect(error({ by: 'them' })).toMatchObject(one({ error: null }));
  });

  it('auto recognises a mapping by the path of its time, or by its own conditions', () => {
    const list = { ...base, records: '$.r[*]' };
    expect(read(base, { t: time, s: 500 }, 'auto')).toMatchObject(one({ status: 500 }));
    expect(read(list, { r: [{ t: time, s: 500 }] }, 'auto')).toMatchObject(one({ status: 500 }));
    expect(read(base, { x: time }, 'auto')).toMatchObject({ reason: 'unknown_format' });
    const own = { ...base, recognise: { '$.kind': 'llm' } };
    expect(read(own, { t: time, s: 500 }, 'auto')).toMatchObject({ reason: 'unknown_format' });
    expect(read(own, { t: time, s: 500, kind: 'llm' }, 'auto')).toMatchObject(one({ status: 500 }));
  });

  it("reads records in the user's envelope, with format mapped and with auto", () => {
    const envelope = { records: '$.ours.lines[*]', read_as: 'auto' };
    const message = { ours: { lines: [{ ts: time, status: 429 }, JSON.stringify(row)] } };
    for (const format of ['mapped', 'auto'])
      expect(read(envelope, message, format)).toMatchObject({ records: [{ status: 429 }, { status: 200 }] });
  });

  it("auto reads the user's own format inside an envelope", () => {
    const message = { message: JSON.stringify({ t: time, s: 500 }), agent: {} };
    expect(read(base, message, 'auto')).toMatchObject(one({ status: 500 }));
  });
});
