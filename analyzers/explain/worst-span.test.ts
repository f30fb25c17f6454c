import { describe, expect, it } from 'vitest';
import { type Minute, worstSpan } from './worst-span.ts';

const start = 1_773_144_000;
const minutes = (count: number, failures: (i: number) => number): Minute[] =>
  Array.from({ length: count }, (_, i) => ({
    minute: start + i * 60,
    all_requests: 100,
    failures: failures(i),
  }));
const at = (from: number, to: number) => ({ from: start + from * 60, to: start + to * 60 });

describe('the worst span', () => {
  it('is 15 minutes with the greatest excess over the hour before', () => {
    const day = minutes(1_440, (i) => (i >= 600 && i < 615 ? 30 : i >= 900 && i < 910 ? 20 : 1));
    expect(worstSpan(day)).toEqual(at(600, 615));
  });

  it('is not the span with most failures if these are usual', () => {
    expect(worstSpan(minutes(600, (i) => (i < 300 ? 50 : i === 450 ? 30 : 1)))?.from).toBeGreaterThan(
      start + 400 * 60,
    );
  });

  it('is a fifth of a shorter history, at least a minute', () => {
    expect(worstSpan(minutes(10, (i) => (i >= 6 && i < 8 ? 9 : 0)))).toEqual(at(6, 8));
    expect(worstSpan(minutes(2, (i) => i))).toEqual(at(1, 2));
  });

  it('has requests in it and before it', () => {
    const gap = minutes(100, (i) => i % 3).filter(
      ({ minute }) => minute < start + 600 || minute >= start + 2_400,
    );
    const found = worstSpan(gap);
    expect(found).not.toBeNull();
    expect(gap.some(({ minute }) => found !== null && minute >= found.from && minute < found.to)).toBe(true);
    expect(worstSpan([])).toBeNull();
    expect(worstSpan(minutes(1, () => 5))).toBeNull();
  });
});
