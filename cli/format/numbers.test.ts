import { describe, expect, it } from 'vitest';
import { formatChange, formatCount, formatDuration, formatShare, formatTime } from './numbers.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('count %d is %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [null, '–'],
    [0, '0 %'],
    [0.000001, '<0.001 %'],
    [0.00012, '0.012 %'],
    [0.0012, '0.12 %'],
    [0.0421, '4.2 %'],
    [0.99999, '>99.9 %'],
    [1, '100 %'],
  ])('share %s is %s', (share, text) => expect(formatShare(share)).toBe(text));

  it.each([
    ['a rise', 0.354, 135, 100, '+35 %'],
    ['a fall', -0.8, 20, 100, '−80 %'],
    ['no change', 0.001, 1_001, 1_000, '±0 %'],
    ['a multiple', 11, 1_200, 100, '×12'],
    ['errors after a time without errors', null, 5, 0, 'new'],
    ['no errors after a time without errors', null, 0, 0, '–'],
    ['an unknown time before', null, 5, null, '–'],
  ])('%s', (_name, change, errors, before, text) => expect(formatChange(change, errors, before)).toBe(text));

  it.each([
    [0, '0s'],
    [59.6, '1m'],
    [5_400, '1h 30m'],
    [90_061, '1d 1h'],
    [86_460, '1d'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('times are UTC, with seconds unless they are zero', () => {
    expect(formatTime(Date.UTC(2026, 2, 1, 12))).toBe('2026-03-01 12:00');
    expect(formatTime(Date.UTC(2026, 2, 1, 12, 0, 5))).toBe('2026-03-01 12:00:05');
  });
});
