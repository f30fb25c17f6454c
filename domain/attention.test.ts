import { describe, expect, test } from 'vitest';
import { resolvedOf, sampleIncident } from '../tests/notify/sample-incidents.ts';
import {
  type Acknowledgement,
  attentionOf,
  isOver,
  type Marks,
  type Silence,
  silencedUntil,
  silencesOf,
  wasSilenced,
} from './attention.ts';

const HOUR = 3_600;
const DAY = 86_400;
const t = Date.UTC(2026, 10, 2, 10) / 1000;
const incident = sampleIncident('i', t, { scope: { provider: 'openai', org: 'acme', project: 'chat' } });

const silence = (fields: Partial<Silence> = {}): Silence => ({
  id: 's',
  kinds: [],
  scope: {},
  starts_at: t - HOUR,
  ends_at: t + HOUR,
  every_seconds: 0,
  planned: false,
  by: 'ana',
  note: '',
  ended_at: null,
  ...fields,
});
const ack = (fields: Partial<Acknowledgement> = {}): Acknowledgement => ({
  incident: 'i',
  at: t,
  reopened: 0,
  by: 'ben',
  note: '',
  ...fields,
});
const marks = (silences: Silence[], acks: Acknowledgement[] = []): Marks => ({
  silences,
  acknowledgements: new Map(acks.map((one) => [one.incident, one])),
});

describe('an incident', () => {
  test.each<[string, Marks, string | null]>([
    ['of which nobody said anything has nothing', marks([]), null],
    ['is silenced by a silence of everything', marks([silence()]), 'silenced'],
    ['is silenced by one of its kind', marks([silence({ kinds: ['quota_exhausted'] })]), 'silenced'],
    ['is not by one of another kind', marks([silence({ kinds: ['retry_storm'] })]), null],
    ['is by one of a part of its scope', marks([silence({ scope: { org: 'acme' } })]), 'silenced'],
    ['is not by one of another value', marks([silence({ scope: { org: 'other' } })]), null],
    [
      'is not by one that names what its scope does not',
      marks([silence({ scope: { org: 'acme', model: 'm' } })]),
      null,
    ],
    ['is not before the silence begins', marks([silence({ starts_at: t + 1, ends_at: t + 9 })]), null],
    ['is not from the end of the silence on', marks([silence({ ends_at: t })]), null],
    ['is not after somebody ended it', marks([silence({ ended_at: t })]), null],
    ['is in maintenance in a planned one', marks([silence({ planned: true })]), 'maintenance'],
    [
      'is in maintenance in a later window of a repeated one',
      marks([
        silence({
          planned: true,
          starts_at: t - 14 * DAY - 60,
          ends_at: t - 14 * DAY + HOUR,
          every_seconds: 7 * DAY,
        }),
      ]),
      'maintenance',
    ],
    [
      'is not between two windows',
      marks([
        silence({
          planned: true,
          starts_at: t - 13 * DAY,
          ends_at: t - 13 * DAY + HOUR,
          every_seconds: 7 * DAY,
        }),
      ]),
      null,
    ],
    ['is acknowledged', marks([], [ack()]), 'acknowledged'],
    ['is not by an acknowledgement of another one', marks([], [ack({ incident: 'j' })]), null],
    ['is silenced rather than acknowledged', marks([silence()], [ack()]), 'silenced'],
    [
      'is acknowledged where the silence is another one',
      marks([silence({ kinds: ['pipeline'] })], [ack()]),
      'acknowledged',
    ],
  ])('%s', (_name, said, state) => {
    expect(attentionOf(incident, said, t)?.state ?? null).toBe(state);
  });

  test('is silenced until the last of its silences ends, in whatever order they are stored', () => {
    const short = silence({ id: 'short', ends_at: t + HOUR });
    const long = silence({ id: 'long', ends_at: t + DAY });
    for (const both of [
      [short, long],
      [long, short],
    ])
      expect(attentionOf(incident, marks(both), t)).toMatchObject({ silence: 'long', until: t + DAY });
  });

  test('that was opened again is not acknowledged by what was said before', () => {
    const again = { ...incident, evidence: { ...incident.evidence, reopened: 1 } };
    expect(attentionOf(again, marks([], [ack()]), t)).toBe(null);
    expect(attentionOf(again, marks([], [ack({ reopened: 1 })]), t)?.state).toBe('acknowledged');
  });

  test.each<[string, Partial<Silence>, boolean]>([
    ['was silenced when the silence lay within its life', { starts_at: t + 60, ends_at: t + 120 }, true],
    ['was when it began in the silence', { ends_at: t }, true],
    ['was not when the silence was over before', { starts_at: t - 9, ends_at: t - 60 }, false],
    ['was not when the silence came after its end', { starts_at: t + HOUR, ends_at: t + 2 * HOUR }, false],
    ['was not when the silence was ended before it began', { ended_at: t - HOUR / 2 }, false],
    [
      'was when a window of a repeated silence met it',
      { starts_at: t - DAY + 60, ends_at: t - DAY + 90, every_seconds: DAY },
      true,
    ],
  ])('%s', (_name, fields, was) => {
    expect(wasSilenced(resolvedOf(incident, t + 600), marks([silence(fields)]), t + 3 * HOUR)).toBe(was);
  });
});

test('a silence by the clock concerns an incident of old requests while it was known as open', () => {
  const old = resolvedOf(incident, t + 600);
  const said = marks([silence({ starts_at: t + DAY, ends_at: t + DAY + HOUR })]);
  const now = t + 2 * DAY;
  const ids = (known: { from: number; to: number | null } | null): string[] =>
    silencesOf(old, said, now, known).map(({ id }) => id);
  expect(ids(null)).toEqual([]);
  expect(ids({ from: t + DAY - 60, to: t + DAY + 60 })).toEqual(['s']);
  expect(ids({ from: t + DAY - 60, to: null })).toEqual(['s']);
  expect(ids({ from: t + DAY - 60, to: t + DAY - 30 })).toEqual([]);
  expect(
    silencesOf({ ...old, kind: 'pipeline' }, marks([silence({ kinds: ['auth_failure'] })]), now, null),
  ).toEqual([]);
});

describe('a silence', () => {
  test('that repeats holds until the end of its present window', () => {
    const nightly = silence({ starts_at: t - 3 * DAY, ends_at: t - 3 * DAY + HOUR, every_seconds: DAY });
    expect(silencedUntil(nightly, t + 60)).toBe(t + HOUR);
    expect(silencedUntil(nightly, t + HOUR)).toBe(null);
    expect(isOver(nightly, t + 100 * DAY)).toBe(false);
    expect(isOver({ ...nightly, ended_at: t }, t)).toBe(true);
  });
  test('that holds once is over at its end', () => {
    expect(isOver(silence(), t + HOUR - 1)).toBe(false);
    expect(isOver(silence(), t + HOUR)).toBe(true);
  });
});
