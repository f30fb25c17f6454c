import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toNormalForm } from './normal-form.ts';
import { orderedRules } from '../rules/ordered-rules.ts';
import { scanText } from './scan.ts';

const sentences = orderedRules.filter(
  (rule) =>
    rule.stage === 'sentence' &&
    rule.code === undefined &&
    rule.word === undefined &&
    rule.near === undefined &&
    rule.far === undefined,
);
const phrases = sentences.flatMap((rule) => rule.phrases);

test('one pass finds exactly the phrases that separate searches find', () => {
  const piece = fc.oneof(
    fc.constantFrom(...phrases),
    fc.tuple(fc.constantFrom(...phrases), fc.nat(40)).map(([phrase, length]) => phrase.slice(0, length)),
    fc.tuple(fc.constantFrom(...phrases), fc.nat(20)).map(([phrase, from]) => phrase.slice(from)),
    fc.constantFrom(' ', '  ', '\n', '\t', "'", '"', '\\"', '.', ',', 'x', '4', '503', 'É', '中', '\u200b'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const normal = toNormalForm(text);
      const expected = sentences.filter((rule) => rule.phrases.some((phrase) => normal.includes(phrase)));
      const findings = scanText(text, false);
      const found = Array.from(findings.rules.slice(0, findings.count))
        .map((order) => orderedRules[order])
        .filter((rule) => rule !== undefined && sentences.includes(rule));
      expect(new Set(found.map((rule) => rule?.id))).toEqual(new Set(expected.map((rule) => rule.id)));
    }),
    { numRuns: 2_000 },
  );
});

test('the rank of a phrase is that of its innermost occurrence in the last attempt', () => {
  const order = orderedRules.findIndex((rule) => rule.id === 'text.quota_sentence');
  const rankIn = (text: string) => {
    scanText(text, false);
    return scanText(text, false).ranks[order] ?? -1;
  };
  const quota = 'You exceeded your current quota';
  expect(rankIn(quota)).toBe(0);
  expect(rankIn(`${quota} {"a":[{"b":"${quota}"}]} ${quota}`)).toBe(3);
  expect(rankIn(`{"a":"${quota}"} Retrying in 1 s: ${quota}`)).toBe(1024);
});
