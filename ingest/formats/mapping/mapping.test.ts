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
    [{ ...good, stauts: '$.s' }, /^mapping\.stauts: no field of the record; the fields are ts, request_id/],
    [{ ...good, status: '$.a[x]' }, /^mapping\.status: "\$\.a\[x\]" is no path from character 4 on; write/],
    [{ ...good, status: '' }, /^mapping\.status: "" is no path from character 1 on/],
    [{ ...good, status: ['$.a', '$..b'] }, /^mapping\.status\[1\]: "\$\.\.b" is no path/],
    [{ ...good, status: [] }, /^mapping\.status: an empty list/],
    [{ ...good, status: null }, /^mapping\.status: nothing/],
    [{ ...good, status: '=many' }, /^mapping\.status: "many" cannot be a status/],
    [{ status: '$.s' }, /^mapping\.ts: missing/],
    [{ ...good, without_time: 'then' }, /^mapping\.without_time: "then" is not now, which is all there is/],
    [
      { ...good, model: { from: '$.m', match: '(a+)+b' } },
      /^mapping\.model\.match: "\(a\+\)\+b" could take minutes on some texts; repeat nothing/,
    ],
    [
      { ...good, skip: { no_request: { '$.m': { matches: '(a|aa)*b' } } } },
      /^mapping\.skip\.no_request\.\$\.m\.matches: .* could take minutes/,
    ],
    [{ ...good, asked: 'first' }, /^mapping\.asked: "first" is not last, which is all there is/],
    [{ ...good, model: { when: { '$.a': 1 }, default: 'x' } }, /^mapping\.model: from is missing; write/],
    [{ ts: '$.t', model: '$.m' }, /^mapping\.status: missing; map status, outcome, error or exception/],
    [{ ...good, latency_s: 'a', latency_ms: 'b' }, /^mapping\.latency_s: latency_ms is mapped too/],
    [{ ...good, model: { form: '$.m' } }, /^mapping\.model\.form: no such key; known here: from, /],
    [{ ...good, model: { match: 'x' } }, /^mapping\.model: from is missing/],
    [
      { ...good, model: { from: '$.m', match: '(' } },
      /^mapping\.model\.match: "\(" is no regular expression/,
    ],
    [
      { ...good, latency_ms: { from: '$.l', unit: 'days' } },
      /^mapping\.latency_ms\.unit: "days" is no unit; use one of ns, /,
    ],
    [{ ...good, model: { from: '$.l', unit: 'ms' } }, /^mapping\.model\.unit: a text has no unit/],
    [{ ...good, latency_ms: { between: ['$.a'] } }, /^mapping\.latency_ms\.between: write two times/],
    [{ ...good, model: { between: ['$.a', '$.b'] } }, /^mapping\.model\.between: only a duration/],
    [
      { ...good, status: { from: '$.s', words: { done: 'soon' } } },
      /^mapping\.status\.words\.done: "soon" cannot be/,
    ],
    [{ ...good, model: { from: '$.m', by: 'upper' } }, /^mapping\.model\.by: "upper" is no function/],
    [
      { ...good, time_zone: 'Mars/Olympus' },
      /^mapping\.time_zone: "Mars\/Olympus" is no time zone; write UTC/,
    ],
    [{ ...good, records: '$..r' }, /^mapping\.records: "\$\.\.r" is no path to records from character 2 on/],
    [{ ...good, records: ['$.a', '$$.b'] }, /^mapping\.records\[1\]: "\$\$\.b" is no path to records; write/],
    [{ records: '$.m', read_as: 'native' }, /^mapping\.read_as: "native" is not auto/],
    [{ records: '$.m', read_as: 'auto', outcome: '$.x' }, /^mapping\.outcome: of no use beside read_as/],
    [{ read_as: 'auto' }, /^mapping\.records: missing; write where the records to be read stand/],
    [
      { ...good, skip: { 'Cache hit': { '$.c': true } } },
      /^mapping\.skip\.Cache hit: a reason is a word of small letters/,
    ],
    [{ ...good, skip: { hit: {} } }, /^mapping\.skip\.hit: an empty map/],
    [{ ...good, skip: { hit: 'x' } }, /^mapping\.skip\.hit: "x" is no map; write \{\$\.path: value\}/],
    [
      { ...good, skip: { hit: { '$.a': { above: 'b' } } } },
      /^mapping\.skip\.hit\.\$\.a\.above: "b" is no number/,
    ],
    [
      { ...good, outcome: { failed: 1 } },
      /^mapping\.outcome\.failed: no such key; known here: failure, success/,
    ],
    [{ ...good, __proto__x: 'a' }, /^mapping\.__proto__x: no field/],
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
