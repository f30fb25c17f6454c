import { describe, expect, test } from 'vitest';
import type { RunRow } from '../../store/queries/reclassify-runs.ts';
import { runInOneLine } from './reclassify.ts';

const at = (text: string): number => Date.parse(text) / 1000;
const run: RunRow = {
  term: 3,
  run: 'ab12',
  holder: 'host-7',
  since: 0,
  until: at('2026-11-28T12:00:00Z'),
  rules: 5,
  started_at: at('2026-11-28T12:01:00Z'),
  state: 'running',
  silent_seconds: 20,
};
const units = [{ to: at('2026-11-01T00:00:00Z') }, { to: at('2026-11-02T10:00:00Z') }];

describe('the line of doctor about faultline reclassify', () => {
  test.each<[string, RunRow | null, 'server' | 'embedded', boolean, RegExp]>([
    ['never begun', null, 'server', false, /never judged again/],
    ['finished', { ...run, state: 'finished' }, 'server', false, /rules of version 5 and is finished$/],
    [
      'at work',
      run,
      'server',
      false,
      /runs \(host-7, last report 20s ago\) and has judged those before 2026-11-02 10:00 of those before 2026-11-28 12:00$/,
    ],
    [
      'silent for too long',
      { ...run, silent_seconds: 7_200 },
      'server',
      true,
      /\(host-7, last report 2h ago\)/,
    ],
    [
      'stopped in order',
      { ...run, state: 'left' },
      'server',
      true,
      /run faultline reclassify, and it continues/,
    ],
    ['killed, on an embedded engine', run, 'embedded', true, /was not finished/],
  ])('%s', (_name, given, kind, isUnfinished, text) => {
    const said = runInOneLine(given, units, kind);
    expect(said.isUnfinished).toBe(isUnfinished);
    expect(said.text).toMatch(text);
    expect(said.text).not.toContain('\n');
  });

  test('before its first unit', () => {
    expect(runInOneLine({ ...run, state: 'left' }, [], 'server').text).toContain('it has not judged any');
  });
});
