import { expect, test } from 'vitest';
import { resolvedOf, sampleIncident } from '../../../tests/notify/sample-incidents.ts';
import { nothingBefore, overlapNotes } from './explain-notes.ts';

const START = Date.UTC(2026, 2, 1, 11) / 1_000;
const surge = resolvedOf(sampleIncident('a1', START + 20, { kind: 'slow_down_surge' }), START + 1_200);

test('an incident that overlaps the usual time is named with its times', () => {
  expect(overlapNotes([surge, { ...surge, id: 'a2', resolved_at: null }])).toEqual([
    {
      text: 'The time to compare with overlaps an incident, whose failures may count as usual: Slow Down surge of acme, 2026-03-01 11:00 to 2026-03-01 11:20 UTC.',
      incident: 'a1',
    },
    {
      text: 'The time to compare with overlaps an incident, whose failures may count as usual: Slow Down surge of acme, 2026-03-01 11:00 UTC, still open.',
      incident: 'a2',
    },
  ]);
});

test('a long name is shortened', () => {
  const [note] = overlapNotes([{ ...surge, scope: { org: 'x'.repeat(10_000) } }]);
  expect(note?.text.length).toBeLessThan(250);
});

test('three of many incidents are named, and the others are counted', () => {
  const notes = overlapNotes(Array.from({ length: 12 }, (_, at) => ({ ...surge, id: String(at) })));
  expect(notes.map(({ incident }) => incident)).toEqual(['0', '1', '2', null]);
  expect(notes.at(-1)?.text).toBe('It overlaps 9 more incidents.');
});

test('the text about a time without requests names its start and end', () => {
  const noon = Date.UTC(2026, 2, 1, 12) / 1_000;
  expect(nothingBefore({ from: noon - 3_600, to: noon })).toBe(
    'too little earlier traffic to compare with: no request is counted from 2026-03-01 11:00 to 2026-03-01 12:00 UTC',
  );
});
