import { expect, test } from 'vitest';
import { explainedEvidence } from '../tests/fixtures/incident-pages.ts';
import { subclasses } from './classification.ts';
import { evidenceByMoment, evidenceField, evidenceFields, evidenceWords, saidEvidence } from './evidence.ts';
import { parties } from './incident.ts';
import { factsOf, incidentKindNames } from './incident-kind.ts';

// The tables of docs/incidents name every field of a report, which the test of each kind ensures.
test.each(incidentKindNames)('every field of the evidence of %s has a label', (kind) => {
  const explained = explainedEvidence(kind);
  expect(explained.length).toBeGreaterThan(5);
  expect(explained.filter((field) => evidenceField(field) === undefined)).toEqual([]);
});

test('a code word becomes words, and what follows it stays', () => {
  expect(evidenceWords('quota', 'credit_balance')).toBe('prepaid credit');
  expect(evidenceWords('failing_classes', 'server_error 41')).toBe('Server error 41');
  expect(evidenceWords('quota', 'constructor')).toBe('constructor');
  expect(evidenceWords('affected_projects', 'credit_balance')).toBe('credit_balance');
});

test('numbers of the same name and of different moments are in different groups', () => {
  const evidence = {
    slow_down_share: 0.5,
    usual_slow_down_share: 0.1,
    present_slow_down_share: 0,
    made_up: 1,
  };
  expect(evidenceByMoment(evidence).map(([moment, fields]) => [moment, fields[0]?.[0]])).toEqual([
    ['in_all', 'slow_down_share'],
    ['latest', 'present_slow_down_share'],
    ['before', 'usual_slow_down_share'],
    ['fixed', 'made_up'],
  ]);
});

test('every quota and limit that a rule can give has words', () => {
  const given = subclasses.filter((name) => name !== '');
  for (const field of ['quota', 'limits'])
    expect(given.filter((name) => evidenceField(field)?.words?.[name] === undefined)).toEqual([]);
});

test('what says nothing is left out, and a zero or a no is not nothing', () => {
  const evidence = { still_succeeding: [], limit: '', retries: 0, clients_comply: false };
  expect(saidEvidence(evidence).map(([name]) => name)).toEqual(['retries', 'clients_comply']);
});

test('no label and no word needs escaping in SQL', () => {
  const texts = Object.values(evidenceFields).flatMap(({ label, words }) => [
    label,
    ...Object.values(words ?? {}),
  ]);
  const titles = [...Object.values(parties), ...incidentKindNames.map((kind) => factsOf(kind).title)];
  expect([...texts, ...titles].filter((text) => /['\\$]/.test(text))).toEqual([]);
});
