import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerDimensions } from '../../domain/count-row.ts';
import { type FailureCount, shapeOf } from '../../store/queries/reclassify-counts.ts';
import { storedErrorOf } from '../../tests/fixtures/stored-error.ts';
import { placeCounts } from './place-counts.ts';

const shape = shapeOf('request_counts');
const client = callerDimensions.indexOf('client');
const key = callerDimensions.indexOf('api_key');

function count(texts: { client: string; api_key?: string }, requests: number): FailureCount {
  const dimensions = callerDimensions.map((name) =>
    name === 'client' ? texts.client : name === 'api_key' ? (texts.api_key ?? '') : '',
  );
  return { ts: 1_795_392_000, class: 'timeout', subclass: '', status: 408, dimensions, requests };
}

const errorOf = (name: string, api_key = '') =>
  storedErrorOf({ ts: 1_795_392_004_000, status: 408, class: 'timeout', client: name, api_key });

describe('an error is counted', () => {
  it('under its names, where they are counted', () => {
    const errors = [errorOf('web'), errorOf('app')];
    const places = placeCounts(errors, [count({ client: 'web' }, 1), count({ client: 'app' }, 1)], shape);
    expect(places).toEqual(errors.map(({ dimensions }) => dimensions));
  });

  it('under (other) where its name is beyond the cap, with as many names as fit', () => {
    const counts = [
      count({ client: '(other)', api_key: '(other)' }, 1),
      count({ client: '(other)', api_key: 'k' }, 1),
    ];
    const places = placeCounts(
      [errorOf('web', 'k'), errorOf('app', 'l'), errorOf('more', 'm')],
      counts,
      shape,
    );
    expect(places.map((place) => place && [place[client], place[key]])).toEqual([
      ['(other)', 'k'],
      ['(other)', '(other)'],
      null,
    ]);
  });

  it('under its name first, when some of one name are beyond the cap', () => {
    const counts = [count({ client: 'web' }, 1), count({ client: '(other)' }, 2)];
    const places = placeCounts([errorOf('web'), errorOf('web'), errorOf('app')], counts, shape);
    expect(places.map((place) => place?.[client])).toEqual(['web', '(other)', '(other)']);
  });

  it('nowhere, when another class, interval or status is counted, or none', () => {
    const error = errorOf('web');
    const known = count({ client: 'web' }, 1);
    const others = [
      { ...known, class: 'other' },
      { ...known, subclass: 'x' },
      { ...known, ts: known.ts + 10 },
      { ...known, status: 0 },
      { ...known, requests: 0 },
    ];
    expect(placeCounts([error], others, shape)).toEqual([null]);
    expect(placeCounts([error], [known], shape)).toEqual([error.dimensions]);
  });

  it('in an hour without key, region, endpoint and status', () => {
    const hour = shapeOf('request_counts_1h');
    const known = { ...count({ client: 'web' }, 1), ts: 1_795_392_000, status: 0 };
    const dimensions = ['', '', '', 'web', ''];
    expect(hour.dimensions).toEqual(['provider', 'org', 'project', 'client', 'model']);
    const error = storedErrorOf({
      ts: 1_795_392_004_000,
      status: 408,
      class: 'timeout',
      client: 'web',
      api_key: 'k',
      region: 'eu',
      endpoint: '/v1',
    });
    expect(placeCounts([error], [{ ...known, dimensions }], hour)).toEqual([error.dimensions]);
  });
});

it('no key gives more than it holds', () => {
  const name = fc.constantFrom('a', 'b', 'c', '(other)');
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
      fc.uniqueArray(fc.tuple(name, fc.nat(9)), { selector: ([one]) => one }),
      (names, held) => {
        const counts = held.map(([of, requests]) => count({ client: of }, requests));
        const places = placeCounts(
          names.map((of) => errorOf(of)),
          counts,
          shape,
        );
        const taken = Map.groupBy(
          places.filter((place) => place !== null),
          (place) => place[client],
        );
        for (const [of, requests] of held) expect(taken.get(of)?.length ?? 0).toBeLessThanOrEqual(requests);
        // Who has no place finds neither its name nor (other) with anything left.
        for (const [at, place] of places.entries()) {
          if (place !== null) continue;
          for (const [of, requests] of held)
            if (of === names[at] || of === '(other)') expect(taken.get(of)?.length ?? 0).toBe(requests);
        }
      },
    ),
  );
});
