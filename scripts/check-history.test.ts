import { expect, test } from 'vitest';
import { checkHistory, type Commit } from './check-history.ts';

const commit = (subject: string, files: string[], body = ''): Commit => ({
  id: '0123456789abcdef',
  subject,
  body,
  files,
});
const logged = commit('docs: an entry', ['CHANGELOG.md']);

test.each([
  ['a subject with its area', [commit('ingest: reads files that grow', ['tests/a.ts'])], 0],
  ['a merge', [commit("Merge branch 'speed'", [])], 0],
  ['a subject without an area', [commit('Fixes things', ['tests/a.ts'])], 1],
  ['an area in capitals', [commit('Ingest: reads', ['tests/a.ts'])], 1],
  ['a change of the product without an entry', [commit('store: tables', ['store/a.ts'])], 1],
  ['a change of the product with an entry', [logged, commit('store: tables', ['store/a.ts'])], 0],
  ['a test beside the product', [commit('store: a test', ['store/a.test.ts'])], 0],
  ['a change that says that nobody notices it', [commit('store: x', ['store/a.ts'], 'Changelog: none')], 0],
  ['no commit', [], 0],
])('%s: %#', (_name, commits, problems) => {
  expect(checkHistory(commits)).toHaveLength(problems);
});
