import { expect, test } from 'vitest';
import type { Finding, Known } from './detector.ts';
import { joinFindings } from './join-findings.ts';

const finding = (provider: string, more: Partial<Finding> = {}): Finding => ({
  identity: { provider },
  level: 'breach',
  started_at: 100,
  last_at: 200,
  scope: { region: 'eu-1' },
  severity: 'critical',
  facts: {},
  report: () => {
    throw new Error('not asked for');
  },
  ...more,
});
const said: Known['said'] = {
  summary: '',
  verdict: { party: 'provider', why: '' },
  evidence: {},
  remedy: { steps: [], retry: 'no', owner: '', docs: '' },
};
const known = (provider: string, state: Known['state']): [string, Known] => [
  provider,
  {
    identity: { provider },
    scope: {},
    state,
    facts: {},
    started_at: 100,
    evaluated_at: 0,
    said,
    scope_may: 'stay',
  },
];

test.each<[string, Finding[], [string, Known][], [string, string, number][]]>([
  [
    'the finding that began first stands for all',
    [finding('a'), finding('b', { started_at: 90 })],
    [],
    [['b', 'breach', 200]],
  ],
  [
    'of findings that began together, the first by name stands for all',
    [finding('b'), finding('a')],
    [],
    [['a', 'breach', 200]],
  ],
  [
    'the incident that people were told of goes on as long as any finding lasts',
    [finding('a', { started_at: 50, last_at: 300 }), finding('b', { level: 'healthy' })],
    [known('b', 'firing')],
    [['b', 'breach', 300]],
  ],
  [
    'a resolved incident opens again when another provider shows the same',
    [finding('a'), finding('b', { level: 'healthy', last_at: 90 })],
    [known('b', 'resolved')],
    [['b', 'breach', 200]],
  ],
  [
    'a pending incident does not begin',
    [finding('a'), finding('b')],
    [known('a', 'pending'), known('b', 'firing')],
    [
      ['a', 'healthy', 200],
      ['b', 'breach', 200],
    ],
  ],
  [
    'two incidents that people were told of stay two',
    [finding('a'), finding('b')],
    [known('a', 'firing'), known('b', 'firing')],
    [
      ['a', 'breach', 200],
      ['b', 'breach', 200],
    ],
  ],
  [
    'scopes that name their identity are left alone',
    [finding('a', { scope: { provider: 'a' } }), finding('b', { scope: { provider: 'b' } })],
    [],
    [
      ['a', 'breach', 200],
      ['b', 'breach', 200],
    ],
  ],
  [
    'different regions are different troubles',
    [finding('a'), finding('b', { scope: { region: 'us-1' } })],
    [],
    [
      ['a', 'breach', 200],
      ['b', 'breach', 200],
    ],
  ],
])('%s', (_name, findings, before, expected) => {
  const found = joinFindings(findings, new Map(before));
  expect(found.map(({ identity, level, last_at }) => [identity['provider'], level, last_at])).toEqual(
    expected,
  );
});
