import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Incident } from '../../../domain/incident.ts';
import { migrate } from '../../../store/migrate.ts';
import type { Store } from '../../../store/store.ts';
import { openEmbedded } from '../../../tests/fixtures/embedded-store.ts';
import { resolvedOf, sampleIncident, writeAt } from '../../../tests/notify/sample-incidents.ts';
import { readExplainNotes } from './explain-notes.ts';

const START = Date.UTC(2026, 2, 1, 11) / 1_000;
const against = { from: START - 3_600, to: START + 7_200 };

const surge = resolvedOf(
  sampleIncident('acme', START, { scope: { provider: 'openai', org: 'acme', project: 'chat' } }),
  START + 600,
);
/** More than the limit of what is read, and newer than the surge. */
const newer = Array.from({ length: 250 }, (_, n): Incident => {
  const started_at = new Date((START + n + 1) * 1_000).toISOString();
  return { ...surge, id: `other-${n}`, scope: { provider: 'openai', org: 'other' }, started_at };
});
const stalled: Incident = { ...surge, id: 'stalled', kind: 'pipeline', scope: {} };

let directory: string;
let store: Store;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-notes-'));
  store = await openEmbedded(directory);
  await migrate(store);
  await writeAt(store, START, [surge, stalled, ...newer]);
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const about = (dimension: 'org' | 'model', value: string, negate = false) => ({
  dimension,
  values: [value],
  negate,
});
test.each([
  ['of an organization is named although 250 newer ones are about another', [about('org', 'acme')], ['acme']],
  [
    'of an organization that was left out is not named',
    [about('org', 'acme', true), about('org', 'other', true)],
    [],
  ],
  ['that names no model may concern the asked model', [about('org', 'acme'), about('model', 'o4')], ['acme']],
  ['of an organization is not named under another one', [about('org', 'nobody')], []],
])('an incident %s', async (_, where, named) => {
  const notes = await readExplainNotes(store, { against, where, isCompared: true });
  expect(notes.map(({ incident }) => incident)).toEqual(named);
});
