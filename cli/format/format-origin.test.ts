import { expect, test } from 'vitest';
import { loadSettings } from '../settings/read-settings.ts';
import { formatOrigin } from './format-origin.ts';

const settings = loadSettings({ env: {} });
const mapped = { ...settings, format: 'mapped', mapping: { ts: '$.zeit', status: '$.code' } };

test('the place of a format and mapping in a settings file is reported', () => {
  const origins = new Map([
    ['format', 'faultline.yaml:2'],
    ['mapping', 'faultline.yaml:3'],
  ]);
  expect(formatOrigin({ settings: mapped, origins })).toMatch(
    /read as format mapped with a mapping, which faultline\.yaml:2 sets: .* --config$/,
  );
});

test('the place of the mapping is reported when a flag sets the format', () => {
  const origins = new Map([
    ['format', '--format'],
    ['mapping', 'our.yaml:3'],
  ]);
  expect(formatOrigin({ settings: mapped, origins })).toContain('which our.yaml:3 sets');
});

test.each([
  ['nothing is set', settings, []],
  ['a flag sets the format', { ...settings, format: 'native' }, [['format', '--format']]],
  ['a file sets the default', settings, [['format', 'faultline.yaml:2']]],
] as const)('nothing is reported where %s', (_fact, own, origins) => {
  expect(formatOrigin({ settings: own, origins: new Map(origins) })).toBeNull();
});
