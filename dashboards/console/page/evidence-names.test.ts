import { beforeAll, expect, test } from 'vitest';
import { evidenceFields } from '../../../domain/evidence.ts';
import { evidenceName, evidenceText, learnEvidence } from './evidence-names.js';

beforeAll(() => learnEvidence(evidenceFields));

test.each([
  ['cost_usd_of_failed', 1.5, '$1.50'],
  ['growth_ratio', 1.6, '1.6 times'],
  ['refused_share', 0.25, '25 %'],
  ['seconds_to_zero', 90, '1 min 30 s'],
  ['original_is_estimate', false, 'no'],
  ['quota', 'credit_balance', 'prepaid credit'],
  ['classes', ['slow_down', 'made_up'], 'Slow Down, made_up'],
  ['failing_classes', ['server_error 41'], 'Server error 41'],
  ['affected_projects', ['credit_balance'], 'credit_balance'],
])('%s %s reads as %s', (name, value, text) => expect(evidenceText(name, value)).toBe(text));

test('a field without a label keeps its name, also a name that every object has, such as `constructor`', () => {
  expect(['made_up', 'constructor'].map(evidenceName)).toEqual(['made_up', 'constructor']);
  expect(evidenceText('constructor', 3)).toBe('3');
  expect(evidenceText('quota', 'constructor')).toBe('constructor');
});
