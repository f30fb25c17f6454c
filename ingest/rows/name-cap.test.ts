import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { byCallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { readNative } from '../../tests/fixtures/read-native.ts';
import { BatchRows } from './batch-rows.ts';
import { CountGroups } from './count-groups.ts';
import { dimensionSets } from './dimension-sets.ts';
import { KeptNames, limitNames, OTHER_NAMES, textsInPlace } from './name-cap.ts';

const DAY = 20_000;
const DAY_MS = 86_400_000;

interface Sent {
  client: string;
  day: number;
  latency: number;
}

function rowsOf(sent: readonly Sent[]): BatchRows {
  const rows = new BatchRows();
  for (const { client, day, latency } of sent) {
    const set = dimensionSets.of(
      byCallerDimension((name) => (name === 'client' ? client : name === 'provider' ? 'openai' : '')),
    );
    const rate_limit = {
      limit_requests: latency,
      remaining_requests: latency,
      limit_tokens: null,
      remaining_tokens: null,
    };
    rows.addSuccess(
      {
        ts: day * DAY_MS + 5_000,
        status: 200,
        latency_ms: latency,
        input_tokens: 1,
        output_tokens: 2,
        cost_usd: 0.5,
        retry_count: latency % 2,
        rate_limit,
      },
      set,
    );
  }
  return rows;
}

const native = (rows: BatchRows) => {
  const { counts } = rows.bodies();
  return counts === null ? [] : readNative(counts.body);
};
/** Rows of the counts, sorted. */
const counted = (rows: BatchRows): string[] =>
  native(rows)
    .map((row) => JSON.stringify(row))
    .sort();
const clients = (rows: BatchRows): string[] =>
  native(rows)
    .map(({ client, requests }) => `${String(client)} ${String(requests)}`)
    .sort();
const of = (...names: string[]): Sent[] => names.map((client) => ({ client, day: DAY, latency: 100 }));

describe('the names of a batch', () => {
  it.each([
    ['all stay when there are few', of('a', 'b', 'a'), [], ['a 2', 'b 1'], ['a', 'b']],
    [
      'those with the most requests stay',
      of('c', 'b', 'b', 'a', 'a'),
      [],
      ['(other) 1', 'a 2', 'b 2'],
      ['a', 'b'],
    ],
    ['of equals the first by name stay', of('c', 'b', 'a'), [], ['(other) 1', 'a 1', 'b 1'], ['a', 'b']],
    [
      'those of earlier batches stay, and leave less room for others',
      of('z', 'a', 'a', 'b'),
      ['z'],
      ['(other) 1', 'a 2', 'z 1'],
      ['a'],
    ],
    ['none is added when there are already as many', of('z', 'a'), ['y', 'z'], ['(other) 1', 'z 1'], []],
    ['an empty value is not a name', of('', '', 'a', 'b'), [], [' 2', 'a 1', 'b 1'], ['a', 'b']],
  ])('%s', (_fact, sent, known, rows, added) => {
    const batch = rowsOf(sent);
    const kept = new KeptNames(
      DAY,
      known.map((value) => ({ dimension: 'client' as const, value })),
    );
    const limit = batch.limitNames(kept, 2);
    expect(clients(batch)).toEqual(rows);
    expect(limit.added.filter(({ dimension }) => dimension === 'client').map(({ value }) => value)).toEqual(
      added,
    );
    expect(limit.folded.get('client') ?? 0).toBe(
      Number(rows.find((row) => row.startsWith(OTHER_NAMES))?.split(' ')[1] ?? 0),
    );
  });

  it('are counted day by day, and the newest day is remembered', () => {
    const late = [...of('a', 'b', 'c').map((one) => ({ ...one, day: DAY - 1 })), ...of('d', 'e', 'f')];
    const batch = rowsOf(late);
    const kept = new KeptNames(DAY - 1, [{ dimension: 'client', value: 'c' }]);
    const limit = batch.limitNames(kept, 2);
    expect(clients(batch)).toEqual(['(other) 1', '(other) 1', 'a 1', 'c 1', 'd 1', 'e 1']);
    kept.take(limit);
    expect([kept.day, [...kept.of('client')]]).toEqual([DAY, ['d', 'e']]);
  });

  it('a request that is taken back later is subtracted from the name that it was counted under', () => {
    const named = (client: string) => byCallerDimension((name) => (name === 'client' ? client : ''));
    const groups = new CountGroups();
    const judged = { class: 'other', subclass: '', retry: 'no' } as const;
    const request = {
      ts: DAY * DAY_MS,
      status: 500,
      latency_ms: 5,
      input_tokens: 0,
      output_tokens: 0,
      cost_usd: 0,
      retry_count: 0,
      rate_limit: null,
    };
    for (const client of ['a', 'a', 'b', 'c'])
      groups.add(request, dimensionSets.of(named(client)), {
        ...judged,
        rule: '',
        generation: '',
        fault: 'unknown',
        wait_seconds: null,
      });
    groups.limit(new KeptNames(), 1);
    groups.subtract(request, named('b'), judged);
    const rows = readNative(groups.rows()?.body ?? Buffer.alloc(0));
    expect(rows.map(({ client, requests }) => `${String(client)} ${String(requests)}`).sort()).toEqual([
      '(other) 1',
      'a 2',
    ]);
  });
});

const sent = fc.record({
  client: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', ''),
  day: fc.constantFrom(DAY - 1, DAY, DAY + 1),
  latency: fc.constantFrom(10, 11, 3_000),
});

test('the same records give the same rows in any order, also when the cap is applied twice', () => {
  fc.assert(
    fc.property(
      fc.array(sent, { maxLength: 60 }),
      fc.nat(4),
      fc.infiniteStream(fc.nat()),
      (all, most, chance) => {
        const shuffled = all
          .map((one) => ({ one, at: chance.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        const [first, second] = [rowsOf(all), rowsOf(shuffled)];
        const limits = [first.limitNames(new KeptNames(), most), second.limitNames(new KeptNames(), most)];
        second.limitNames(new KeptNames(DAY, [{ dimension: 'client', value: 'f' }]), most);
        expect(counted(second)).toEqual(counted(first));
        expect(limits[1]?.added).toEqual(limits[0]?.added);
      },
    ),
  );
});

test('folded rows are those of the same requests under the name (other), and no day has more names', () => {
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 60 }), fc.nat(4), (all, most) => {
      const folded = rowsOf(all);
      const { replaced } = folded.limitNames(new KeptNames(), most);
      const renamed = all.map((one) => {
        const set = dimensionSets.of(
          byCallerDimension((name) => (name === 'client' ? one.client : name === 'provider' ? 'openai' : '')),
        );
        return {
          ...one,
          client:
            textsInPlace(set.dimensions, replaced.get(one.day)?.get(set.id) ?? 0)[
              callerDimensions.indexOf('client')
            ] ?? one.client,
        };
      });
      // A cap of 0 folds the provider, too.
      fc.pre(most > 0);
      expect(counted(folded)).toEqual(counted(rowsOf(renamed)));
      for (const day of [DAY - 1, DAY, DAY + 1]) {
        const names = new Set(renamed.filter((one) => one.day === day).map(({ client }) => client));
        expect([...names].filter((name) => name !== '' && name !== OTHER_NAMES).length).toBeLessThanOrEqual(
          most,
        );
      }
    }),
  );
});

test('the next batch knows the names that a batch adds, as it would from the ledger', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(sent, { maxLength: 20 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      (batches, most) => {
        const running = new KeptNames();
        const ledger: { day: number; added: { dimension: 'client' | 'provider'; value: string }[] }[] = [];
        for (const batch of batches) {
          const day = Math.max(-1, ...ledger.map((row) => row.day));
          const told = new KeptNames(
            day,
            ledger.filter((row) => row.day === day).flatMap(({ added }) => added),
          );
          const limit = rowsOf(batch).limitNames(running, most);
          expect(rowsOf(batch).limitNames(told, most)).toEqual(limit);
          running.take(limit);
          ledger.push({ day: limit.day, added: limit.added as (typeof ledger)[number]['added'] });
        }
      },
    ),
  );
});

it('an empty batch changes nothing', () => {
  expect(limitNames(new Map(), new KeptNames(DAY), 1)).toMatchObject({ day: DAY, added: [] });
});
