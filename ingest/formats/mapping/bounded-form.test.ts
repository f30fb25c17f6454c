import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedForm, cutFor } from './bounded-form.ts';

describe('a regular expression of a mapping', () => {
  it.each([
    '^(a+)+$',
    '(a|aa)+$',
    '^(\\w+\\s?)*$',
    '(.*a){20}',
    '(?:a?){30}a',
    'a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaa',
    '.*.*.*.*=',
    '^(?:(?:x+)y)+$',
    '(a*)*',
    '([a-z]+\\d?){2,}',
  ])('is refused when it could take minutes on some texts: %s', (source) => {
    expect(boundedForm(source)).toBeNull();
  });

  it.each([
    ['^\\d{3}$', 1024 * 1024],
    ['deployments/([^/]+)', 8192],
    ['^(?:https?://[^/]+)?(/[^?]*)', 4096],
    ['openai|anthropic', 1024 * 1024],
    ['^a|b+', 8192],
    ['[(+*|)]+\\)\\|x', 8192],
  ])('sees only the part of a text on which it is fast: %s', (source, longest) => {
    const bounded = boundedForm(source);
    expect(bounded?.longest).toBeLessThanOrEqual(longest);
    expect(bounded?.longest).toBeGreaterThan(longest / 4);
  });

  it('throws when it is not one', () => {
    expect(() => boundedForm('(')).toThrow(SyntaxError);
  });

  it('has its text cut only when that is too long', () => {
    const bounded = boundedForm('x+$');
    if (bounded === null) throw new Error('refused');
    const { longest } = bounded;
    expect(cutFor(bounded, 'x'.repeat(longest))).toHaveLength(longest);
    expect(cutFor(bounded, 'x'.repeat(longest + 1))).toHaveLength(longest);
  });

  const piece = fc.constantFrom(
    'a',
    'b',
    '.',
    'a*',
    'a+',
    'a?',
    'a{2,5}',
    '(a|ab)',
    '(?:a+b?)',
    '[ab]*',
    '^',
    '$',
    '|',
  );
  const groups = fc.constantFrom('', '+', '*', '?', '{3}', '{2,}');
  const pattern = fc
    .array(fc.tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), groups), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([inner, quantifier]) => `(?:${inner.join('')})${quantifier}`).join(''));

  it('ends within a second on the worst texts, or is refused', () => {
    fc.assert(
      fc.property(pattern, fc.constantFrom('a', 'ab', 'aab'), (source, unit) => {
        const bounded = boundedForm(source);
        if (bounded === null) return;
        const text = cutFor(bounded, `${unit.repeat(Math.ceil(10_000 / unit.length))}!`);
        const timed = (): number => {
          const start = performance.now();
          bounded.form.exec(text);
          bounded.form.exec(`${text.slice(0, -1)}!`);
          return performance.now() - start;
        };
        // A slow run counts only if a second one is slow too: other programs may have had the processor.
        expect(Math.min(...[timed()].flatMap((ms) => (ms < 1000 ? ms : [ms, timed()])))).toBeLessThan(1000);
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});
