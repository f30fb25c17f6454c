import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Incident } from '../../../domain/incident.ts';
import { migrate } from '../../../store/migrate.ts';
import { writeIncidents } from '../../../store/queries/incidents.ts';
import type { Store } from '../../../store/store.ts';
import { openEmbedded } from '../../../tests/fixtures/embedded-store.ts';
import { readExplainNotes } from './explain-notes.ts';

const START = Date.UTC(2026, 2, 1, 11);
const against = { from: START / 1_000 - 3_600, to: START / 1_000 + 7_200 };

const surge: Incident = {
  id: 'acme',
  kind: 'slow_down_surge',
  state: 'resolved',
  severity: 'critical',
  scope: { provider: 'openai', org: 'acme', project: 'chat' },
  started_at: new Date(START).toISOString(),
  detected_at: new Date(START + 60_000).toISOString(),
  resolved_at: new Date(START + 600_000).toISOString(),
  summary: 'a surge',
  verdict: { party: 'account', why: 'so' },
  evidence: {},
  remedy: { steps: [], retry: 'after_wait', owner: '', docs: '' },
  sample_request_ids: [],
  related: [],
};
/** More than the limit of what is read, and newer than the surge. */
const newer = Array.from({ length: 250 }, (_, n): Incident => {
  const started_at = new Date(START + (n + 1) * 1_000).toISOString();
  return { ...surge, id: `other-${n}`, scope: { provider: 'openai', org: 'other' }, started_at };
});
const stalled: Incident = { ...surge, id: 'stalled', kind: 'pipeline', scope: {} };

let directory: string;
let store: Store;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-notes-'));
  store = await openEmbedded(directory);
  await migrate(store);
  await writeIncidents(
    store,
    [surge, stalled, ...newer].map((incident) => ({ incident, version: START, memory: '' })),
  );
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
