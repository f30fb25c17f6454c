import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Classification } from '../../domain/classification.ts';
import { byCallerDimension, LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';
import { readNative } from '../../tests/fixtures/read-native.ts';
import { type DimensionValues, dimensionSets } from './dimension-sets.ts';
import { CountGroups, type Counted } from './count-groups.ts';

const judged = (name: Classification['class'], subclass: Classification['subclass']): Classification => ({
  class: name,
  subclass,
  rule: 'r',
  generation: '',
  retry: name === 'quota_exceeded' || name === 'ok' ? 'no' : 'yes',
  fault: 'unknown',
  wait_seconds: null,
});
const limit = fc.option(fc.nat(1_000));

interface Request {
  counted: Counted;
  org: string;
  model: string;
  judged: Classification;
}

const request: fc.Arbitrary<Request> = fc.record({
  counted: fc.record({
    ts: fc.nat(60_000).map((ms) => 1_795_392_000_000 + ms),
    status: fc.constantFrom(200, 429, 500, 0, 999),
    latency_ms: fc.oneof(
      fc.constantFrom(...LATENCY_BUCKETS_MS),
      fc.double({ min: 0, max: 1e15, noNaN: true }),
    ),
    input_tokens: fc.nat(1_000_000_000_000),
    output_tokens: fc.nat(10),
    cost_usd: fc.constantFrom(0, 0.5, 1e15),
    retry_count: fc.constantFrom(0, 0, 1, 65_535),
    rate_limit: fc.option(
      fc.record({
        limit_requests: limit,
        remaining_requests: limit,
        limit_tokens: limit,
        remaining_tokens: limit,
      }),
    ),
  }),
  org: fc.constantFrom('', 'a', 'b\t\\N', '\ud800', 'ü'.repeat(100)),
  model: fc.constantFrom('m', 'n'),
  judged: fc.constantFrom(
    judged('ok', ''),
    judged('quota_exceeded', 'credit_balance'),
    judged('quota_exceeded', ''),
    judged('server_error', ''),
  ),
});

function dimensionsOf({ org, model }: Request): DimensionValues {
  return { ...byCallerDimension(() => ''), provider: 'openai', org, model };
}

/** The expected rows, computed from the requests one by one. */
function expected(requests: readonly Request[]): unknown[] {
  const groups = Map.groupBy(requests, (one) =>
    JSON.stringify([
      Math.floor(one.counted.ts / 10_000),
      one.org,
      one.model,
      one.judged.class,
      one.judged.subclass,
      one.counted.status,
    ]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) throw new Error('an empty group');
    const sum = (what: (one: Request) => number) => group.reduce((all, one) => all + what(one), 0);
    const told = (what: (limits: NonNullable<Counted['rate_limit']>) => number | null) =>
      group
        .flatMap(({ counted: { rate_limit } }) => (rate_limit === null ? [] : [what(rate_limit)]))
        .filter((n) => n !== null);
    const least = (values: number[]) => (values.length === 0 ? null : Math.min(...values));
    const most = (values: number[]) => (values.length === 0 ? null : Math.max(...values));
    const bounds = [...LATENCY_BUCKETS_MS, 0];
    const bucketOf = (ms: number) => LATENCY_BUCKETS_MS.find((bound) => ms <= bound) ?? 0;
    return {
      ts: Math.floor(first.counted.ts / 10_000) * 10,
      ...dimensionsOf(first),
      org: Buffer.from(first.org).toString(),
      class: first.judged.class,
      subclass: first.judged.subclass,
      status: first.counted.status,
      requests: group.length,
      retries: sum((one) => (one.counted.retry_count > 0 ? 1 : 0)),
      useless_retries: sum((one) =>
        one.counted.retry_count > 0 && one.judged.class === 'quota_exceeded' ? 1 : 0,
      ),
      input_tokens: sum((one) => one.counted.input_tokens),
      output_tokens: sum((one) => one.counted.output_tokens),
      cost_usd: sum((one) => one.counted.cost_usd),
      latency_ms_sum: sum((one) => one.counted.latency_ms),
      latency_buckets: bounds
        .map(
          (bound) =>
            [bound, group.filter((one) => bucketOf(one.counted.latency_ms) === bound).length] as const,
        )
        .filter(([, n]) => n > 0),
      ...(requests.some((one) => one.counted.rate_limit !== null) && {
        min_remaining_requests: least(told((limits) => limits.remaining_requests)),
        limit_requests: most(told((limits) => limits.limit_requests)),
        min_remaining_tokens: least(told((limits) => limits.remaining_tokens)),
        limit_tokens: most(told((limits) => limits.limit_tokens)),
      }),
    };
  });
}

const add = (groups: CountGroups, one: Request): void =>
  groups.add(one.counted, dimensionSets.of(dimensionsOf(one)), one.judged);

it('the rows are the sums of the requests by interval, dimension set and outcome', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 300 }), (requests) => {
      const groups = new CountGroups();
      for (const one of requests) add(groups, one);
      expect(readNative(groups.rows()?.body ?? Buffer.alloc(0))).toEqual(expected(requests));
      const ofClass = Map.groupBy(requests, (one) => one.judged.class);
      expect(groups.classes()).toEqual(new Map([...ofClass].map(([name, all]) => [name, all.length])));
    }),
  );
});

it('a request that is taken back leaves nothing but its headroom', () => {
  const plain = request.map((one) => ({
    ...one,
    counted: {
      ...one.counted,
      latency_ms: Math.floor(one.counted.latency_ms) % 1e6,
      cost_usd: 0,
      rate_limit: null,
    },
  }));
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1 }), fc.array(plain), (kept, refused) => {
      const groups = new CountGroups();
      for (const one of [...kept, ...refused]) add(groups, one);
      for (const one of refused) groups.subtract(one.counted, dimensionsOf(one), one.judged);
      expect(readNative(groups.rows()?.body ?? Buffer.alloc(0))).toEqual(expected(kept));
    }),
  );
});

it('each of many groups is found again by its interval, dimension set and outcome', () => {
  const groups = new CountGroups();
  const before = groups.bytes;
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 30_000; i++) {
      const dimensionSet = dimensionSets.of({ ...byCallerDimension(() => ''), org: String(i % 1_000) });
      groups.add(
        { ...zero, ts: 1_795_392_000_000 + Math.floor(i / 1_000) * 10_000 },
        dimensionSet,
        judged('ok', ''),
      );
    }
  const rows = readNative(groups.rows()?.body ?? Buffer.alloc(0));
  expect(rows.length).toBe(30_000);
  expect(rows.every((row) => row['requests'] === 2)).toBe(true);
  expect((groups.bytes - before) / rows.length).toBeLessThan(80);
});

it('without requests there are no rows', () => {
  expect(new CountGroups().rows()).toBeNull();
});

const zero: Counted = {
  ts: 0,
  status: 200,
  latency_ms: 1,
  input_tokens: 0,
  output_tokens: 0,
  cost_usd: 0,
  retry_count: 0,
  rate_limit: null,
};

it('a batch gives its requests and failures by day of UTC, without those that were taken back', () => {
  const groups = new CountGroups();
  const dimensions = byCallerDimension(() => '');
  const dimensionSet = dimensionSets.of(dimensions);
  const day = Date.parse('2026-11-27T00:00:00Z') / 86_400_000;
  const at = (time: string): Counted => ({ ...zero, ts: Date.parse(time) });
  const timeout = judged('timeout', '');
  for (const time of ['2026-11-27T23:59:59.999Z', '2026-11-28T00:00:00Z', '2016-01-01T00:00:00Z'])
    groups.add(at(time), dimensionSet, judged('ok', ''));
  groups.add(at('2026-11-27T12:00:00Z'), dimensionSet, timeout);
  groups.add(at('2026-11-29T12:00:00Z'), dimensionSet, timeout);
  groups.subtract(at('2026-11-29T12:00:00Z'), dimensions, timeout);
  expect(groups.days()).toEqual([
    { day: Date.UTC(2016, 0, 1) / 86_400_000, counted: 1, failed: 0 },
    { day, counted: 2, failed: 1 },
    { day: day + 1, counted: 1, failed: 0 },
  ]);
});
