import { describe, expect, test } from 'vitest';
import { play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { errorSurge } from './kinds/error-surge.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';

const base: Stream = { from: 0, to: 110, per_minute: 120, model: 'm', project: 'shop' };
const client = (name: string, more: Partial<Stream> = {}): Stream => ({ ...base, client: name, ...more });
/** A client of which a third of the requests fails at all times, so its failures are no news. */
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

describe('one client of a project fails, and others of it have strays as ever', () => {
  const rows = [
    client('chat', { per_minute: 300 }),
    client('chat', { per_minute: 1.5, class: 'bad_request' }),
    client('bot', { per_minute: 20, model: 'other' }),
    client('bot', { from: 70, to: 90, per_minute: 10, class: 'bad_request', model: 'other' }),
    client('jobs', { per_minute: 200, project: 'docs' }),
  ];
  const [one] = found(rows, errorSurge);

  test('strays do not make the scope that of the project', () => {
    expect(one?.scope).toMatchObject({ project: 'shop', client: 'bot', model: 'other' });
  });

  test('a reported scope does not change when a small second source appears', () => {
    const more = client('chat', { from: 76, to: 90, per_minute: 2, class: 'bad_request' });
    expect(found([...rows, more], errorSurge).map(({ scope }) => scope)).toEqual([one?.scope]);
  });

  test('it gets wider where it turns out to be wider', () => {
    const wider = client('chat', { from: 71, to: 90, per_minute: 200, class: 'bad_request' });
    const [other] = found([...rows, wider], errorSurge);
    expect(other?.scope.client).toBeUndefined();
  });
});

test('another word for the same requests is named only where it was true before, too', () => {
  const rows = (more: Stream[]) => [
    client('jobs', { per_minute: 200, model: 'other' }),
    client('web'),
    client('web', { from: 70, to: 90, per_minute: 60, class: 'bad_request' }),
    ...more,
  ];
  expect(found(rows([]), errorSurge)[0]?.scope).toMatchObject({ client: 'web', model: 'm' });
  const laptop = client('laptop', { to: 60, per_minute: 1 });
  const { model, client: named } = found(rows([laptop]), errorSurge)[0]?.scope ?? {};
  expect([model, named].filter(Boolean)).toHaveLength(1);
});

test('what everybody has is of nobody in particular', () => {
  const all = ['a', 'b', 'c'].flatMap((name) => [
    client(name),
    client(name, { from: 70, to: 90, per_minute: 40, class: 'bad_request' }),
  ]);
  const [one] = found(all, errorSurge);
  expect(one?.scope.client).toBeUndefined();
});
