import { describe, expect, it } from 'vitest';
import { compileMapping } from './mapping.ts';

const good = { ts: '$.t', status: '$.s' };

describe('compileMapping', () => {
  it.each([
    [{ ts: '$.t', exception: 'e', latency_s: '$.l', provider: '=azure' }],
    [{ ts: ['$.a', '$.b'], outcome: '$.success', cost_usd: { from: '$.c', unit: 'cents' } }],
    [
      {
        ...good,
        records: ['$.records[*]', '$'],
        skip: { cache_hit: { '$.c': true } },
        time_zone: 'Asia/Tokyo',
      },
    ],
    [{ records: '$.message', read_as: 'auto', skip: { ping: { '$.type': 'ping' } } }],
  ])('accepts %j', (spec) => {
    expect(() => compileMapping(spec, 'mapping')).not.toThrow();
  });

  it.each([
    [{ ...good, stauts: '$.s' }, /^mapping\.stauts: not a field of a record; the fields are ts, request_id/],
    [
      { ...good, status: '$.a[x]' },
      /^mapping\.status: "\$\.a\[x\]" is not a path from character 4 on; write/,
    ],
    [{ ...good, status: '' }, /^mapping\.status: "" is not a path from character 1 on/],
    [{ ...good, status: ['$.a', '$..b'] }, /^mapping\.status\[1\]: "\$\.\.b" is not a path/],
    [{ ...good, status: [] }, /^mapping\.status: an empty list/],
    [{ ...good, status: null }, /^mapping\.status: nothing/],
    [{ ...good, status: '=many' }, /^mapping\.status: "many" cannot be a status/],
    [{ status: '$.s' }, /^mapping\.ts: missing/],
    [
      { ...good, without_time: 'then' },
      /^mapping\.without_time: "then" is not allowed; the only value is now/,
    ],
    [
      { ...good, model: { from: '$.m', match: '(a+)+b' } },
      /^mapping\.model\.match: "\(a\+\)\+b" could take minutes on some texts; repeat nothing/,
    ],
    [
      { ...good, skip: { no_request: { '$.m': { matches: '(a|aa)*b' } } } },
      /^mapping\.skip\.no_request\.\$\.m\.matches: .* could take minutes/,
    ],
    [{ ...good, asked: 'first' }, /^mapping\.asked: "first" is not allowed; the only value is last/],
    [{ ...good, model: { when: { '$.a': 1 }, default: 'x' } }, /^mapping\.model: from is missing; write/],
    [{ ts: '$.t', model: '$.m' }, /^mapping\.status: missing; map status, outcome, error or exception/],
    [{ ...good, latency_s: 'a', latency_ms: 'b' }, /^mapping\.latency_s: latency_ms is mapped too/],
    [{ ...good, model: { form: '$.m' } }, /^mapping\.model\.form: unknown key; known keys: from, /],
    [{ ...good, model: { match: 'x' } }, /^mapping\.model: from is missing/],
    [
      { ...good, model: { from: '$.m', match: '(' } },
      /^mapping\.model\.match: "\(" is not a regular expression/,
    ],
    [
      { ...good, latency_ms: { from: '$.l', unit: 'days' } },
      /^mapping\.latency_ms\.unit: "days" is not a unit; use one of ns, /,
    ],
    [{ ...good, model: { from: '$.l', unit: 'ms' } }, /^mapping\.model\.unit: a text has no unit/],
    [{ ...good, latency_ms: { between: ['$.a'] } }, /^mapping\.latency_ms\.between: write two times/],
    [
      { ...good, model: { between: ['$.a', '$.b'] } },
      /^mapping\.model\.between: between is allowed only for durations/,
    ],
    [
      { ...good, status: { from: '$.s', words: { done: 'soon' } } },
      /^mapping\.status\.words\.done: "soon" cannot be/,
    ],
    [{ ...good, model: { from: '$.m', by: 'upper' } }, /^mapping\.model\.by: "upper" is not a function/],
    [
      { ...good, time_zone: 'Mars/Olympus' },
      /^mapping\.time_zone: "Mars\/Olympus" is not a time zone; write UTC/,
    ],
    [
      { ...good, records: '$..r' },
      /^mapping\.records: "\$\.\.r" is not a path to records from character 2 on/,
    ],
    [
      { ...good, records: ['$.a', '$$.b'] },
      /^mapping\.records\[1\]: "\$\$\.b" is not a path to records; write/,
    ],
    [
      { records: '$.m', read_as: 'native' },
      /^mapping\.read_as: "native" is not allowed; the only value is auto/,
    ],
    [{ records: '$.m', read_as: 'auto', outcome: '$.x' }, /^mapping\.outcome: not allowed with read_as/],
    [{ read_as: 'auto' }, /^mapping\.records: missing; write the path of the inner records/],
    [
      { ...good, skip: { 'Cache hit': { '$.c': true } } },
      /^mapping\.skip\.Cache hit: a reason consists of lower-case letters/,
    ],
    [{ ...good, skip: { hit: {} } }, /^mapping\.skip\.hit: an empty map/],
    [{ ...good, skip: { hit: 'x' } }, /^mapping\.skip\.hit: "x" is not a map; write \{\$\.path: value\}/],
    [
      { ...good, skip: { hit: { '$.a': { above: 'b' } } } },
      /^mapping\.skip\.hit\.\$\.a\.above: "b" is not a number/,
    ],
    [
      { ...good, outcome: { failed: 1 } },
      /^mapping\.outcome\.failed: unknown key; known keys: failure, success/,
    ],
    [{ ...good, __proto__x: 'a' }, /^mapping\.__proto__x: not a field/],
    [{}, /^mapping\.ts: missing/],
  ])('names the key and the place in %j', (spec, message) => {
    expect(() => compileMapping(spec, 'mapping')).toThrow(message);
    try {
      compileMapping(spec, 'mapping');
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });
});
