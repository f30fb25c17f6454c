import { describe, expect, test } from 'vitest';
import { play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { errorSurge } from './kinds/error-surge.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';

const base: Stream = { from: 0, to: 110, per_minute: 120, model: 'm', project: 'shop' };
const client = (name: string, more: Partial<Stream> = {}): Stream => ({ ...base, client: name, ...more });
/** A client for which a third of the requests always fails this way. */
const always = client('crawler', { per_minute: 90, class: 'bad_request' });
const found = (rows: readonly Stream[], detector = rateLimitSurge) =>
  play(traffic(rows), { detectors: [detector] }).incidents;

describe('when matching answers are always there', () => {
  const incidents = found(
    [
      client('crawler', { per_minute: 180 }),
      always,
      client('web'),
      client('web', { from: 70, to: 90, per_minute: 60, class: 'bad_request' }),
    ],
    errorSurge,
  );

  test('the scope is the part that fails more than usual, not none', () => {
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.scope).toMatchObject({ org: 'org-acme', client: 'web' });
    expect(incidents[0]?.evidence).toMatchObject({ affected_clients: ['web'] });
  });

  test('the evidence lists at most three parts that differ, best first', () => {
    const differs = incidents[0]?.evidence['what_differs'] as string[];
    expect(differs[0]).toMatch(/^client web: \d+ of \d+ requests, usually 0$/);
    expect(differs.length).toBeLessThanOrEqual(3);
  });
});

test('values that the answers share are named, also several', () => {
  const [one] = found([
    client('web'),
    client('other', { project: 'docs' }),
    client('web', { from: 70, to: 90, per_minute: 60, class: 'rate_limit' }),
  ]);
  expect(one?.scope).toMatchObject({ project: 'shop', client: 'web' });
});

test('a value that all requests have is not named', () => {
  const all = ['a', 'b', 'c'].flatMap((name) => [
    client(name),
    client(name, { from: 70, to: 90, per_minute: 40, class: 'bad_request' }),
  ]);
  const [one] = found(all, errorSurge);
  expect(one?.scope.client).toBeUndefined();
});
