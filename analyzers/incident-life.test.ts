import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { advanceLife, type Life, type Observation, type Policy, type Reason } from './incident-life.ts';

const NOW = 1_000_000;
const POLICY: Policy = { pending_seconds: 20, clear_seconds: 300, reopen_seconds: 900, window_seconds: 60 };

const pending = (breachAgo: number, lastAgo = 0): Life => ({
  state: 'pending',
  started_at: NOW - breachAgo - 30,
  breach_at: NOW - breachAgo,
  detected_at: null,
  resolved_at: null,
  last_at: NOW - lastAgo,
  healthy_seconds: 0,
  evaluated_at: NOW - 10,
  held: null,
  reopened: 0,
});
const firing = (life: Partial<Life> = {}): Life => ({
  ...pending(500, 10),
  state: 'firing',
  detected_at: NOW - 480,
  ...life,
});
const resolved = (ago: number): Life =>
  firing({ state: 'resolved', resolved_at: NOW - ago, last_at: NOW - ago });
const seen = (level: Observation['level']): Observation => ({ level, started_at: NOW - 25, last_at: NOW });

interface Row {
  state: string;
  level: string;
  condition: string;
  to: string;
  written: boolean;
  reason: Reason;
}
type Case = [
  state: string,
  level: Observation['level'],
  condition: string,
  Life | null,
  Omit<Row, 'state' | 'level' | 'condition'>,
];

const cases: Case[] = [
  ['none', 'breach', 'pending_seconds > 0', null, { to: 'pending', written: false, reason: 'breach_began' }],
  ['none', 'lingering', '', null, { to: 'none', written: false, reason: 'nothing' }],
  ['none', 'healthy', '', null, { to: 'none', written: false, reason: 'nothing' }],
  ['none', 'no_data', '', null, { to: 'none', written: false, reason: 'nothing' }],
  ['none', 'incomplete', '', null, { to: 'none', written: false, reason: 'nothing' }],
  [
    'pending',
    'breach',
    'began less than pending_seconds ago',
    pending(10),
    { to: 'pending', written: false, reason: 'breach_waits' },
  ],
  [
    'pending',
    'breach',
    'began pending_seconds ago',
    pending(20),
    { to: 'firing', written: true, reason: 'fired' },
  ],
  [
    'pending',
    'lingering',
    'began less than clear_seconds ago',
    pending(290),
    { to: 'pending', written: false, reason: 'breach_paused' },
  ],
  [
    'pending',
    'lingering',
    'began clear_seconds ago',
    pending(300),
    { to: 'firing', written: true, reason: 'fired' },
  ],
  ['pending', 'healthy', '', pending(60), { to: 'none', written: false, reason: 'breach_ended' }],
  [
    'pending',
    'no_data',
    'last answer up to clear_seconds ago',
    pending(60, 300),
    { to: 'pending', written: false, reason: 'breach_paused' },
  ],
  [
    'pending',
    'no_data',
    'last answer longer ago',
    pending(60, 310),
    { to: 'none', written: false, reason: 'breach_ended' },
  ],
  ['pending', 'incomplete', '', pending(60, 310), { to: 'pending', written: false, reason: 'breach_paused' }],
  ['firing', 'breach', '', firing(), { to: 'firing', written: false, reason: 'continues' }],
  ['firing', 'lingering', '', firing(), { to: 'firing', written: false, reason: 'lingers' }],
  [
    'firing',
    'healthy',
    'for less than clear_seconds',
    firing({ healthy_seconds: 280 }),
    { to: 'firing', written: false, reason: 'clearing' },
  ],
  [
    'firing',
    'healthy',
    'for clear_seconds',
    firing({ healthy_seconds: 290 }),
    { to: 'resolved', written: true, reason: 'resolved' },
  ],
  ['firing', 'no_data', '', firing(), { to: 'firing', written: false, reason: 'held' }],
  ['firing', 'incomplete', '', firing(), { to: 'firing', written: true, reason: 'held' }],
  [
    'resolved',
    'breach',
    'resolved_at up to reopen_seconds ago',
    resolved(900),
    { to: 'firing', written: true, reason: 'reopened' },
  ],
  [
    'resolved',
    'breach',
    'resolved_at longer ago',
    resolved(910),
    { to: 'pending', written: false, reason: 'breach_began' },
  ],
  [
    'resolved',
    'lingering',
    'resolved_at up to reopen_seconds ago',
    resolved(900),
    { to: 'resolved', written: false, reason: 'at_rest' },
  ],
  [
    'resolved',
    'lingering',
    'resolved_at longer ago',
    resolved(910),
    { to: 'none', written: false, reason: 'forgotten' },
  ],
  [
    'resolved',
    'healthy',
    'resolved_at up to reopen_seconds ago',
    resolved(900),
    { to: 'resolved', written: false, reason: 'at_rest' },
  ],
  [
    'resolved',
    'healthy',
    'resolved_at longer ago',
    resolved(910),
    { to: 'none', written: false, reason: 'forgotten' },
  ],
  [
    'resolved',
    'no_data',
    'resolved_at up to reopen_seconds ago',
    resolved(900),
    { to: 'resolved', written: false, reason: 'at_rest' },
  ],
  [
    'resolved',
    'no_data',
    'resolved_at longer ago',
    resolved(910),
    { to: 'none', written: false, reason: 'forgotten' },
  ],
  ['resolved', 'incomplete', '', resolved(910), { to: 'resolved', written: false, reason: 'at_rest' }],
];

describe('every transition', () => {
  test.each(cases)('%s, %s, %s', (_state, level, _condition, previous, expected) => {
    const step = advanceLife(previous, seen(level), NOW, POLICY);
    expect({ to: step.next?.state ?? 'none', written: step.emit, reason: step.reason }).toEqual(expected);
  });

  test('is in the table of docs/incidents.md, which has no others', async () => {
    const text = await readFile(new URL('../docs/incidents.md', import.meta.url), 'utf8');
    const section = /## States\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
    const rows = section
      .split('\n')
      .filter((line) => /^\| (none|pending|firing|resolved) /.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll('`', '')),
      )
      // Another table of the section says what people can do in each state.
      .filter((cells) => cells.length === 6);
    const table = cases.map(([state, level, condition, , row]) => [
      state,
      level,
      condition,
      row.to,
      row.written ? 'yes' : 'no',
      row.reason,
    ]);
    expect(rows).toEqual(table);
  });
});

test('without a pending time the first breach fires', () => {
  const step = advanceLife(null, seen('breach'), NOW, { ...POLICY, pending_seconds: 0 });
  expect(step).toMatchObject({ emit: true, reason: 'fired', next: { state: 'firing', detected_at: NOW } });
});

/** Steps an incident through the levels, ten seconds apart, and returns what people are told. */
function play(
  levels: readonly Observation['level'][],
  from: Life | null = null,
): { reasons: string[]; last: Life | null } {
  let life = from;
  let now = from?.evaluated_at ?? NOW;
  const reasons: string[] = [];
  for (const level of levels) {
    now += 10;
    const step = advanceLife(life, { level, started_at: now - 30, last_at: now - 10 }, now, POLICY);
    life = step.next;
    if (step.emit) reasons.push(step.reason);
  }
  return { reasons, last: life };
}
const times = (count: number, level: Observation['level']): Observation['level'][] =>
  Array.from({ length: count }, () => level);

const flapping = Array.from(
  { length: 80 },
  (_, i) => (['breach', 'healthy', 'lingering', 'healthy'] as const)[i % 4] ?? 'breach',
);

test.each([
  [
    'breach → healthy for clear_seconds: fires and resolves once',
    [...times(5, 'breach'), ...times(60, 'healthy')],
    ['fired', 'resolved'],
  ],
  [
    'firing → no data → healthy: resolves once',
    [...times(5, 'breach'), ...times(40, 'no_data'), ...times(60, 'healthy')],
    ['fired', 'resolved'],
  ],
  [
    'firing → no data for ever: never resolves',
    [...times(5, 'breach'), ...times(5_000, 'no_data')],
    ['fired'],
  ],
  [
    'firing → incomplete → healthy: resolves once',
    [...times(5, 'breach'), ...times(40, 'incomplete'), ...times(60, 'healthy')],
    ['fired', 'held', 'clearing', 'resolved'],
  ],
  [
    'healthy time before and after a gap in the data adds up',
    [...times(5, 'breach'), ...times(20, 'healthy'), ...times(20, 'no_data'), ...times(10, 'healthy')],
    ['fired', 'resolved'],
  ],
  ['flapping around the threshold is one incident', [...times(5, 'breach'), ...flapping], ['fired']],
  [
    'a breach within the grace time opens the same one again',
    [...times(5, 'breach'), ...times(31, 'healthy'), ...times(3, 'breach'), ...times(40, 'healthy')],
    ['fired', 'resolved', 'reopened', 'resolved'],
  ],
  [
    'a breach that ends before the next evaluation writes nothing',
    ['breach', 'healthy', 'breach', 'healthy'],
    [],
  ],
  ['a pause while pending does not start the wait again', ['breach', 'lingering', 'breach'], ['fired']],
] as [string, Observation['level'][], string[]][])('%s', (_name, levels, reasons) => {
  expect(play(levels).reasons).toEqual(reasons);
});

test('an incident is resolved at its last matching answer, not when that became certain', () => {
  const { last } = play([...times(5, 'breach'), ...times(31, 'healthy')]);
  expect(last).toMatchObject({ state: 'resolved', resolved_at: NOW + 40, evaluated_at: NOW + 360 });
});

test('after a gap between evaluations only the time of the window counts as healthy', () => {
  const step = advanceLife(firing({ evaluated_at: NOW - 3_600 }), seen('healthy'), NOW, POLICY);
  expect(step).toMatchObject({ reason: 'clearing', next: { healthy_seconds: 60 } });
});

test('a time that was evaluated before changes nothing', () => {
  const life = firing({ evaluated_at: NOW });
  expect(advanceLife(life, seen('healthy'), NOW, POLICY)).toEqual({
    next: life,
    emit: false,
    reason: 'already_evaluated',
  });
});

test('counts that come late are still evaluated: an incomplete time does not count as evaluated', () => {
  const step = advanceLife(firing(), seen('incomplete'), NOW, POLICY);
  expect(step.next?.evaluated_at).toBe(NOW - 10);
});
