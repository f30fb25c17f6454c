import { describe, expect, it } from 'vitest';
import { parseDuration, parseWhen } from './when.ts';

const now = Date.UTC(2026, 2, 10, 12);

describe('a time', () => {
  it('is read with blanks around it', () =>
    expect(new Date(parseWhen(' 24h ', '--since', now)).toISOString()).toBe('2026-03-09T12:00:00.000Z'));

  it.each(['', 'yesterday', '24', '2026-02-30', '9999999w'])(
    '%j is refused with the flag and what is allowed',
    (text) => {
      expect(() => parseWhen(text, '--since', now)).toThrow(
        /^--since is ".*": must be a duration back from now such as 24h/,
      );
    },
  );
});

describe('a duration', () => {
  it('is read with blanks around it', () => expect(parseDuration(' 1h30m ', '--step')).toBe(5_400));

  it.each(['', '0s', '5', '-5m'])('%j is refused', (text) => {
    expect(() => parseDuration(text, '--step')).toThrow('--step is');
  });
});
