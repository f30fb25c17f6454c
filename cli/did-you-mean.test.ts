import { describe, expect, it } from 'vitest';
import { closest, suggestion } from './did-you-mean.ts';

const words = ['trends', 'incidents', 'start', 'slow_down', 'rate_limit'];

describe('the closest word', () => {
  it.each([
    ['trend', 'trends'],
    ['trensd', 'trends'],
    ['TRENDS', 'trends'],
    ['slowdown', 'slow_down'],
    ['sart', 'start'],
    ['ratelimit', 'rate_limit'],
    ['', null],
    ['x', null],
    ['quota', null],
  ])('to %j is %j', (word, expected) => expect(closest(word, words)).toBe(expected));

  it('is suggested; otherwise the words are listed', () => {
    expect(suggestion('trend', words)).toBe('; did you mean trends?');
    expect(suggestion('quota', ['a', 'b'])).toBe('; use one of a, b');
    expect(suggestion('quota', ['a'])).toBe('; use a');
    expect(
      suggestion(
        'quota',
        Array.from({ length: 26 }, (_, i) => `long-word-${i}`),
      ),
    ).toBe('');
  });
});
