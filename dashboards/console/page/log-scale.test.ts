import { expect, test } from 'vitest';
import { logScale } from './log-scale.js';
import { addressOf, readView } from './view-state.js';

test('the address contains the panels with a logarithmic scale', () => {
  let view = readView({ pathname: '/explore', search: '?by=client' });
  const scale = logScale({
    get view() {
      return view;
    },
    remember: (options) => {
      view = { ...view, options };
    },
  });
  expect(scale.isOn('explore')).toBe(false);
  scale.set('explore', true);
  scale.set('errors-by-class', true);
  scale.set('explore', true);
  const address = new URL(addressOf(view), 'http://x');
  expect(address.searchParams.get('log')).toBe('errors-by-class,explore');
  view = readView(address);
  expect([scale.isOn('explore'), scale.isOn('latency')]).toEqual([true, false]);
  scale.set('explore', false);
  scale.set('errors-by-class', false);
  expect(addressOf(view)).toBe('/explore?by=client');
});
