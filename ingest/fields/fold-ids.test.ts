import { describe, expect, it } from 'vitest';
import { Cleaner } from './clean.ts';
import { idFolder } from './fold-ids.ts';

const uuid = '3f2a9c1e-7b44-4d1a-9e55-0a1b2c3d4e5f';

describe('ids within the name of a client', () => {
  const { client, model, endpoint } = new Cleaner().dimensions;
  it.each([
    [`session-${uuid}`, 'session-{id}'],
    ['worker:9f86d081884c7d659a2feaa0c55ad015', 'worker:{id}'],
    ['nightly-20260601', 'nightly-{id}'],
    ['checkout-6d4cf56db6-xk2lp', 'checkout-{id}'],
    ['a/1234567/b/7654321', 'a/{id}/b/{id}'],
    // A name that is only an id stays: it identifies a client.
    [uuid, uuid],
    ['123456789', '123456789'],
    // These contain no ids.
    ['team-platform-search', 'team-platform-search'],
    ['billing-v2', 'billing-v2'],
    ['pdf-2024', 'pdf-2024'],
    ['deadbeefdeadbeefcafe', 'deadbeefdeadbeefcafe'],
  ])('%s is %s', (name, folded) => expect(client(name)).toBe(folded));

  it.each([
    ['gpt-4o-2024-08-06', 'gpt-4o-2024-08-06'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4-20250514'],
    [`acme/${uuid}`, 'acme/{id}'],
  ])('the date in the model %s is not an id: %s', (name, folded) => expect(model(name)).toBe(folded));

  it('whole parts of a path are ids, too', () =>
    expect(endpoint('/v1/threads/thread_abc123DEF456/runs/12345')).toBe('/v1/threads/{id}/runs/{id}'));
});

it('the settings choose the rules', () => {
  const none = new Cleaner(undefined, { client: [], model: [], endpoint: [] }).dimensions;
  expect(none.client(`session-${uuid}`)).toBe(`session-${uuid}`);
  expect(none.endpoint('/v1/runs/12345')).toBe('/v1/runs/12345');
  expect(idFolder(['number'])(`a-123456-${uuid}`)).toBe(`a-{id}-${uuid}`);
});
