import { expect, test } from 'vitest';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { explainedEvidence } from '../../../tests/fixtures/incident-pages.ts';
import { evidenceName, evidenceText, namedEvidence } from './evidence-names.js';

// The tables of docs/incidents name every field of a report, which the test of each kind ensures.
test.each(incidentKindNames)('every field of the evidence of %s has a label', (kind) => {
  const explained = explainedEvidence(kind);
  expect(explained.length).toBeGreaterThan(5);
  expect(explained.filter((field) => !namedEvidence.has(field))).toEqual([]);
});

test.each([
  ['cost_usd_of_failed', 1.5, '$1.50'],
  ['growth_ratio', 1.6, '1.6 times'],
  ['refused_share', 0.25, '25 %'],
  ['seconds_to_zero', 90, '1 min 30 s'],
  ['original_is_estimate', false, 'no'],
  ['affected_keys', [], '–'],
])('%s %s reads as %s', (name, value, text) => expect(evidenceText(name, value)).toBe(text));

test('a field without a label keeps its name, also one that every object has', () => {
  expect(['made_up', 'constructor'].map(evidenceName)).toEqual(['made_up', 'constructor']);
  expect(evidenceText('constructor', 3)).toBe('3');
});
