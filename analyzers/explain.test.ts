import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, type ExplainSums } from './explain.ts';

const dimensions = ['project', 'client', 'model', 'region'] as const;
const values = {
  project: ['p1', 'p2', 'p3'],
  client: ['c1', 'c2', 'c3', 'c4'],
  model: ['m1', 'm2', 'm3'],
  region: ['r1', 'r2'],
};
type Named = Partial<Record<(typeof dimensions)[number], string>>;

/**
 * Traffic in which every combination has 300 requests and fails at the usual rate of 2 %. `more` adds failures per 100
 * requests in the span.
 */
function traffic(more: (named: Required<Named>) => number, usualPercent = 2): ExplainSums[] {
  return values.project.flatMap((project, a) =>
    values.client.flatMap((client, b) =>
      values.model.flatMap((model, c) =>
        values.region.map((region, d): ExplainSums => {
          // Counts that differ a little from combination to combination, as chance makes them.
          const jitter = ((a * 5 + b * 3 + c * 7 + d * 2) % 5) - 2;
          const requests = 100 + jitter * 10;
          const usual = Math.max(0, Math.round((requests * usualPercent) / 100 + jitter / 2));
          return {
            values: [project, client, model, region],
            requests,
            failures: Math.min(
              requests,
              usual + Math.round((requests * more({ project, client, model, region })) / 100),
            ),
            usual_requests: requests * 4,
            usual_failures: Math.round((requests * 4 * usualPercent) / 100),
          };
        }),
      ),
    ),
  );
}

const fits = (scope: Named) => (named: Required<Named>) =>
  Object.entries(scope).every(([name, value]) => named[name as keyof Named] === value);
const scopesOf = (rows: ExplainSums[]) => explain(dimensions, rows).scopes.map(({ scope }) => scope);

describe('the part of the traffic that explains a rise', () => {
  it.each<Named>([
    { model: 'm2' },
    { region: 'r2' },
    { client: 'c3', model: 'm1' },
    { project: 'p2', region: 'r1' },
    { project: 'p1', client: 'c2', model: 'm3' },
    { client: 'c4', model: 'm2', region: 'r2' },
  ])('is named: %o', (cause) => {
    expect(scopesOf(traffic((named) => (fits(cause)(named) ? 20 : 0)))[0]).toEqual(cause);
  });

  it('is named although failures are always present', () => {
    const cause = { client: 'c2', model: 'm1' };
    expect(scopesOf(traffic((named) => (fits(cause)(named) ? 40 : 0), 30))[0]).toEqual(cause);
  });

  it('is found among very many combinations', () => {
    const cause = { client: 'c2', model: 'm1' };
    const once = traffic((at) => (fits(cause)(at) ? 20 : 0));
    const rows = Array.from({ length: 250 }, (_, i) =>
      once.map((row): ExplainSums => ({ ...row, values: [...row.values, `key ${i}`] })),
    ).flat();
    expect(explain([...dimensions, 'key'], rows).scopes[0]?.scope).toEqual(cause);
  });

  it('is all traffic if all of it fails alike', () => {
    expect(scopesOf(traffic(() => 15))[0]).toEqual({});
  });

  it.each<[Named, Named]>([
    [{ model: 'm1' }, { model: 'm3' }],
    [{ client: 'c1' }, { model: 'm2', region: 'r1' }],
    [
      { project: 'p1', client: 'c1' },
      { project: 'p3', model: 'm2' },
    ],
  ])('consists of both of two causes: %o and %o', (one, other) => {
    const rows = traffic((named) => (fits(one)(named) ? 25 : 0) + (fits(other)(named) ? 25 : 0));
    const [first, second] = scopesOf(rows);
    expect([first, second]).toEqual(expect.arrayContaining([one, other]));
  });
});

describe('nothing is named', () => {
  it.each([
    ['if everything is as usual', traffic(() => 0)],
    ['if much fails, but as much as usual', traffic(() => 0, 60)],
    ['if failures become fewer', traffic(() => 0).map((row) => ({ ...row, failures: 0 }))],
    ['without rows', []],
    [
      'without requests before the span',
      traffic(() => 20).map((row) => ({ ...row, usual_requests: 0, usual_failures: 0 })),
    ],
    ['without requests in the span', traffic(() => 20).map((row) => ({ ...row, requests: 0, failures: 0 }))],
    ['for two failures among a thousand requests', tiny(2)],
  ])('%s', (_, rows) => expect(explain(dimensions, rows).scopes).toEqual([]));

  it('although a part that always fails gets more of the requests', () => {
    const shifted = traffic(() => 0).map((row): ExplainSums => {
      if (row.values[1] !== 'c1') return row;
      return {
        ...row,
        requests: row.requests * 5,
        failures: row.requests * 2,
        usual_failures: Math.round(row.usual_requests * 0.4),
      };
    });
    const { total, scopes } = explain(dimensions, shifted);
    expect(total.excess).toBeGreaterThan(500);
    expect(scopes).toEqual([]);
  });
});

/** A quiet service: ten requests of each combination before and after; one client has this many failures. */
function tiny(failures: number): ExplainSums[] {
  return traffic(() => 0).map((row, i) => ({
    ...row,
    requests: 10,
    failures: i < failures ? 1 : 0,
    usual_requests: 10,
    usual_failures: 0,
  }));
}

describe('small numbers', () => {
  it('eight of ten requests of a scope that never failed are enough', () => {
    const rows = tiny(0).map((row) =>
      fits({ project: 'p1', client: 'c2', model: 'm3' })(named(row)) ? { ...row, failures: 4 } : row,
    );
    expect(scopesOf(rows)[0]).toEqual({ project: 'p1', client: 'c2', model: 'm3' });
  });

  it('a new scope that fails is named, and the rate of all traffic is expected of it', () => {
    const rows = traffic(() => 0);
    const fresh: ExplainSums = {
      values: ['p1', 'new', 'm1', 'r1'],
      requests: 50,
      failures: 40,
      usual_requests: 0,
      usual_failures: 0,
    };
    const [first] = explain(dimensions, [...rows, fresh]).scopes;
    expect(first).toMatchObject({ scope: { client: 'new' }, requests: 50, failures: 40 });
    expect(first?.expected).toBeCloseTo(1, 0);
  });
});

describe('when dimensions separate the same requests', () => {
  const rows = (order: (values: readonly string[]) => string[]) =>
    traffic((at) => (fits({ client: 'c2' })(at) ? 20 : 0)).map((row) => ({
      ...row,
      values: order(row.values),
    }));

  it('the one given first is named', () => {
    const synonym = ([, client = '']: readonly string[]) => [client, `key of ${client}`];
    expect(explain(['client', 'key'], rows(synonym)).scopes[0]?.scope).toEqual({ client: 'c2' });
    expect(
      explain(
        ['key', 'client'],
        rows((own) => synonym(own).reverse()),
      ).scopes[0]?.scope,
    ).toEqual({
      key: 'key of c2',
    });
  });

  it('one dimension that explains all of it is named rather than two together', () => {
    const both = ([project = '', client = '', model = '']: readonly string[]) => [
      project,
      client === 'c2' && model === 'm1' ? 'batch' : client,
      model,
    ];
    const cause = traffic((at) => (fits({ client: 'c2', model: 'm1' })(at) ? 20 : 0));
    const scopes = explain(
      ['project', 'client', 'model'],
      cause.map((row) => ({ ...row, values: both(row.values) })),
    ).scopes;
    expect(scopes[0]?.scope).toEqual({ client: 'batch' });
  });

  it('an empty value is not named', () => {
    const unnamed = rows((own) => own.map((value) => (value === 'c2' ? '' : value)));
    for (const { scope } of explain(dimensions, unnamed).scopes)
      expect(Object.values(scope)).not.toContain('');
  });
});

function named(row: ExplainSums): Required<Named> {
  const [project = '', client = '', model = '', region = ''] = row.values;
  return { project, client, model, region };
}

const arbitraryRows = fc.array(
  fc
    .record({
      values: fc.tuple(...dimensions.map((name) => fc.constantFrom(...values[name], ''))),
      requests: fc.nat(500),
      usual_requests: fc.nat(2_000),
      now: fc.double({ min: 0, max: 1, noNaN: true }),
      before: fc.double({ min: 0, max: 0.2, noNaN: true }),
    })
    .map(({ now, before, ...row }) => ({
      ...row,
      failures: Math.floor(row.requests * now),
      usual_failures: Math.floor(row.usual_requests * before),
    })),
  { maxLength: 40 },
);

describe('for any rows', () => {
  it('their order and how they are split do not matter', () =>
    fc.assert(
      fc.property(arbitraryRows, fc.infiniteStream(fc.nat()), (rows, chance) => {
        const cut = rows.flatMap((row): ExplainSums[] => [
          { ...row, usual_requests: 0, usual_failures: 0 },
          { ...row, requests: 0, failures: 0 },
        ]);
        const shuffled = cut
          .map((row) => ({ row, at: chance.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row);
        expect(explain(dimensions, shuffled)).toEqual(explain(dimensions, rows));
      }),
    ));

  it('counts are the sums of the rows in the scope, and no scope appears twice', () =>
    fc.assert(
      fc.property(arbitraryRows, (rows) => {
        const { scopes, total } = explain(dimensions, rows);
        for (const { scope, requests, failures, expected, excess, share } of scopes) {
          const own = rows.filter((row) => fits(scope)(named(row)));
          const sum = (pick: (row: ExplainSums) => number) => own.reduce((all, row) => all + pick(row), 0);
          expect(requests).toBe(sum((row) => row.requests));
          expect(failures).toBe(sum((row) => row.failures));
          const usual = sum((row) => row.usual_requests);
          if (usual > 0)
            expect(expected).toBeCloseTo((requests * sum((row) => row.usual_failures)) / usual, 6);
          expect(excess).toBeCloseTo(failures - expected, 6);
          expect(share).toBe(total.excess > 0 ? excess / total.excess : null);
        }
        expect(new Set(scopes.map(({ scope }) => JSON.stringify(scope))).size).toBe(scopes.length);
      }),
    ));
});

describe('scopes that mean the same requests', () => {
  it('are one row, with the fewest dimensions, and other parts keep their rows', () => {
    // Each project has one client and one model of its own.
    const rows = ['1', '2', '3', '4'].flatMap((n) =>
      ['r1', 'r2'].map((region): ExplainSums => {
        const failures = n === '2' ? 40 : n === '3' ? 20 : 1;
        const values = [`p${n}`, `c${n}`, `m${n}`, region];
        return { values, requests: 100, failures, usual_requests: 400, usual_failures: 4 };
      }),
    );
    const scopes = scopesOf(rows);
    expect(scopes.slice(0, 2)).toEqual([{ project: 'p2' }, { project: 'p3' }]);
    expect(scopes.filter(({ client, model }) => client !== undefined || model !== undefined)).toEqual([]);
  });
});
