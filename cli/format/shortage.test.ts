import { expect, test } from 'vitest';
import { createShortageReport } from './shortage.ts';

test('nothing is reported while memory suffices', () => {
  expect(createShortageReport(192)({ left_out: 0, coarse: 0 })).toBeNull();
});

test('a shortage is reported once, when it gets worse, when it eases, and when it is over', () => {
  const reportShortage = createShortageReport(16);
  expect(reportShortage({ left_out: 0, coarse: 1 })).toBe(
    'memory for counts is full: 1 organization is judged without key, client and region; a larger analyzers.window_mib (now 16) helps',
  );
  expect(reportShortage({ left_out: 0, coarse: 5 })).toBeNull();
  expect(reportShortage({ left_out: 3, coarse: 5 })).toBe(
    'memory for counts is full: 3 organizations are not judged, 5 organizations are judged without key, client and region; a larger analyzers.window_mib (now 16) helps',
  );
  expect(reportShortage({ left_out: 2, coarse: 0 })).toBeNull();
  expect(reportShortage({ left_out: 0, coarse: 4 })).toContain('4 organizations are judged without');
  expect(reportShortage({ left_out: 0, coarse: 0 })).toBe(
    'memory for counts suffices again: every organization is judged in full',
  );
});
