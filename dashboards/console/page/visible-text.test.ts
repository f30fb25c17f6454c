import { expect, test } from 'vitest';
import { visible } from './visible-text.js';

test.each([
  ['a plain name', 'team-a/batch', 'team-a/batch'],
  ['names in other scripts', 'ארגון Ünïcode 東京', 'ארגון Ünïcode 東京'],
  ['the lines of a text', 'one\n\ttwo', 'one\n\ttwo'],
  ['the override of the direction', 'acme\u202Etob', 'acme‹U+202E›tob'],
  ['an isolate', '\u2066x\u2069', '‹U+2066›x‹U+2069›'],
  ['a space without width', 'ac\u200Bme', 'ac‹U+200B›me'],
  ['a joiner between Latin letters', 'ac\u200Dme', 'ac‹U+200D›me'],
  ['the joiners of an emoji', '👩\u200D🔧', '👩\u200D🔧'],
  ['the joiners of Persian', 'می\u200Cخواهم', 'می\u200Cخواهم'],
  ['a control character', 'a\u001b[31mb', 'a‹U+001B›[31mb'],
  ['letters of tags', 'a\u{E0041}', 'a‹U+E0041›'],
])('%s: %j is shown as %j', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});
