import { expect, test } from 'vitest';
import { loadSettings } from '../settings/read-settings.ts';
import { formatOrigin } from './format-origin.ts';

const settings = loadSettings({ env: {} });
const mapped = { ...settings, format: 'mapped', mapping: { ts: '$.zeit', status: '$.code' } };

test('a format and mapping of a settings file are told with the place', () => {
  const origins = new Map([
    ['format', 'faultline.yaml:2'],
    ['mapping', 'faultline.yaml:3'],
  ]);
  expect(formatOrigin({ settings: mapped, origins })).toMatch(
    /read as format mapped with a mapping, as faultline\.yaml:2 says: .* --config$/,
  );
});

test('the flag before a mapping of a file leaves the mapping to be told', () => {
  const origins = new Map([
    ['format', '--format'],
    ['mapping', 'our.yaml:3'],
  ]);
  expect(formatOrigin({ settings: mapped, origins })).toContain('as our.yaml:3 says');
});

test.each([
  ['nothing is set', settings, []],
  ['the flag says it', { ...settings, format: 'native' }, [['format', '--format']]],
  ['a file says what is the default', settings, [['format', 'faultline.yaml:2']]],
] as const)('nothing is told where %s', (_fact, own, origins) => {
  expect(formatOrigin({ settings: own, origins: new Map(origins) })).toBeNull();
});
