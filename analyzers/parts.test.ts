import { expect, test } from 'vitest';
import { countRow, START, traffic } from '../tests/fixtures/traffic.ts';
import { OrgCounts } from './org-counts.ts';
import { PartFinder } from './parts.ts';
import { type Reads, type SubjectCounts, type SubjectsView, subjectsOf } from './reads.ts';

const reads: Reads = { identity: ['provider', 'org', 'model'], by: ['client'], fine: 3_600 };
const rows = traffic([
  { from: 0, to: 5, per_minute: 30, org: 'a', client: 'web', model: 'small' },
  { from: 1, to: 4, per_minute: 12, org: 'a', client: 'batch', model: 'large', class: 'slow_down' },
  { from: 2, to: 3, per_minute: 6, org: 'a', client: 'batch' },
  { from: 0, to: 5, per_minute: 60, org: 'b', client: 'web', model: 'small' },
]);

/** Makes the counts per organization, as a reading of whole organizations gives them. */
function wholesOf(some: typeof rows): Map<string, SubjectCounts & { counts: OrgCounts }> {
  const wholes = new Map<string, SubjectCounts & { counts: OrgCounts }>();
  for (const row of some.toSorted((one, other) => one.ts - other.ts)) {
    const { provider, org } = row;
    const key = `${provider}\n${org}`;
    const whole = wholes.get(key) ?? {
      identity: { provider, org },
      counts: new OrgCounts(provider, org),
      summed_up: [],
    };
    wholes.set(key, whole);
    whole.counts.append({ ...row, api_key: '', region: '', project: '' });
  }
  return wholes;
}

function seen(view: SubjectsView): object {
  return [...view]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { identity, counts }]) => ({
      key,
      identity,
      sums: counts
        .between(START, START + 3_600)
        .sums()
        .map(({ client, model, class: name, requests }) => `${client} ${model} ${name} ${requests}`),
    }));
}

test('the models of an organization have the same rows as in a reading by model', () => {
  const parts = new PartFinder(wholesOf(rows), reads.identity);
  expect(seen(parts.view())).toEqual(seen(subjectsOf(rows, reads)));
  // Requests that name no model belong to no part.
  expect([...parts.view().keys()].sort()).toEqual([
    'openai\na\nlarge',
    'openai\na\nsmall',
    'openai\nb\nsmall',
  ]);
});

test('a later model is found, and a model of a forgotten organization is not', () => {
  const wholes = wholesOf(rows);
  const parts = new PartFinder(wholes, reads.identity);
  parts.view();
  const late = countRow({ ts: START + 600, org: 'a', client: 'web', model: 'new' });
  wholes.get('openai\na')?.counts.append(late);
  expect(seen(parts.view())).toEqual(seen(subjectsOf([...rows, late], reads)));
  wholes.delete('openai\nb');
  const left = [...rows, late].filter(({ org }) => org !== 'b');
  expect(seen(parts.view())).toEqual(seen(subjectsOf(left, reads)));
});
