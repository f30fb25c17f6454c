import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addressOf,
  pageNames,
  parseLength,
  rangeQuery,
  rangeSeconds,
  readView,
  stepFor,
  type View,
} from './view-state.js';

test.each([
  [3_600, 450, true, 60],
  [86_400, 450, true, 1_200],
  [86_400, 1_000, true, 600],
  [86_400, 450, false, 600],
  [604_800, 450, true, 10_800],
  [604_800, 0, true, 43_200],
])('%d s on %d pixels (bars: %s) are drawn in steps of %d s', (seconds, pixels, isBars, expected) => {
  expect(stepFor(seconds, pixels, isBars)).toBe(expected);
});

test('a named range is relative to the present, a drawn one has fixed ends', () => {
  const named = { range: '90m' };
  const drawn = { range: { from: 1_000.4, to: 61_000.4 } };
  expect(String(rangeQuery(named))).toBe('from=now-90m&to=now');
  expect(String(rangeQuery(drawn))).toBe('from=1000&to=61000');
  expect([rangeSeconds(named), rangeSeconds(drawn)]).toEqual([5_400, 60]);
});

test.each([
  ['1h', 3_600],
  ['90m', 5_400],
  ['2w', 1_209_600],
  ['0h', null],
  ['5y', null],
  ['9999w', null],
  ['', null],
])('%s is a length of %s s', (text, expected) => {
  expect(parseLength(text)).toBe(expected);
});

test('the Overview has the address /; every other page has its name', () => {
  const view = readView({ pathname: '/', search: '' });
  expect(addressOf(view)).toBe('/');
  expect(addressOf({ ...view, page: 'incidents', id: 'inc_1' })).toBe('/incidents/inc_1');
  expect(addressOf({ ...view, page: 'explore', range: '6h', options: { by: 'class,model' } })).toBe(
    '/explore?range=6h&by=class%2Cmodel',
  );
});

test('the address of an unknown page leads to the Overview', () => {
  expect(readView({ pathname: '/elsewhere', search: '?range=99y' })).toMatchObject({
    page: 'overview',
    range: '24h',
  });
});

const noon = Date.UTC(2026, 2, 1, 12);

test.each([
  ['from=2026-03-01T12:00:00Z&to=2026-03-01T13:00', { from: noon, to: noon + 3_600_000 }],
  ['from=2026-03-01T13:00%2B01:00&to=2026-03-01T12:00-01:00', { from: noon, to: noon + 3_600_000 }],
  ['from=2026-03-01T13:00+01:00&to=2026-03-02', { from: noon, to: noon + 43_200_000 }],
  ['from=1772366400&to=1772370000', { from: noon, to: noon + 3_600_000 }],
  ['from=1772366400000&to=1772370000000', { from: noon, to: noon + 3_600_000 }],
  ['from=now-6h&to=now', '6h'],
  ['from=now-90m', '90m'],
])('the range %s is read', (search, range) => {
  const view = readView({ pathname: '/explore', search: `?${search}` });
  expect([view.range, view.misread]).toEqual([range, undefined]);
});

test.each([
  'from=yesterday&to=now',
  'from=2026-03-01&to=2026-02-01',
  'from=2026-03-01',
  'range=99y',
  'from=now-6h&to=now-1h',
])('the range %s cannot be read, and the view says so', (search) => {
  const view = readView({ pathname: '/explore', search: `?${search}` });
  expect([view.range, view.misread]).toEqual(['24h', search]);
});

test('every view is read back from its address', () => {
  const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());
  const view: fc.Arbitrary<View> = fc.record({
    page: fc.constantFrom(...pageNames),
    id: fc.constant(null),
    dashboard: fc.constant(null),
    range: fc.oneof(
      fc.constantFrom('1h', '24h', '45m', '3d'),
      // Smaller numbers are read as seconds.
      fc.record({ from: fc.integer({ min: 1e11, max: 2e12 }), to: fc.integer({ min: 2e12 + 1, max: 4e12 }) }),
    ),
    filters: fc.dictionary(fc.constantFrom('provider', 'model'), word, { maxKeys: 2 }),
    options: fc.dictionary(fc.constantFrom('by', 'class', 'q'), word, { maxKeys: 3 }),
  });
  fc.assert(
    fc.property(view, (one) => {
      const address = new URL(addressOf(one), 'http://here');
      expect(readView(address)).toEqual(one);
    }),
  );
});
