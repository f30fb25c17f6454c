import { expect, test } from 'vitest';
import { incident } from '../domain/incident.ts';
import { lossIncidents } from './lost-records.ts';

const loss = { topic: 't', partition: 3, from: 100, to: 150, at: 1_795_000_000 };

test('a loss opens one incident that names the exact range, closes after an hour, and says nothing twice', () => {
  const [opened, ...more] = lossIncidents([loss], new Map(), loss.at + 10);
  expect(more).toEqual([]);
  expect(incident.parse(opened?.incident)).toMatchObject({
    kind: 'pipeline',
    state: 'firing',
    evidence: { topic: 't', partition: 3, from_offset: 100, to_offset: 150, records: 50 },
  });
  const known = new Map([[opened?.incident.id ?? '', incident.parse(opened?.incident)]]);
  expect(lossIncidents([loss], known, loss.at + 20)).toEqual([]);
  const [closed] = lossIncidents([loss], known, loss.at + 3_600);
  expect(closed?.incident).toMatchObject({ id: opened?.incident.id, state: 'resolved' });
  expect(closed?.version).toBeGreaterThan(opened?.version ?? 0);
});

test('two ranges are two incidents', () => {
  const ids = lossIncidents([loss, { ...loss, from: 150, to: 160 }], new Map(), loss.at).map(
    ({ incident: one }) => one.id,
  );
  expect(new Set(ids).size).toBe(2);
});
