import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandsPage } from '../cli/commands-page.ts';
import { settingsExample } from '../cli/settings/settings-example.ts';
import { settingKeys, valueAt } from '../cli/settings/settings-keys.ts';
import { settingsPage } from '../cli/settings/settings-page.ts';
import { settingsSchema } from '../domain/settings.ts';

// `npx vitest run --project unit tests/cli-pages -u` writes the pages again.
describe('the generated pages agree with the code', () => {
  it('docs/commands.md', () => expect(commandsPage()).toMatchFileSnapshot('../docs/commands.md'));
  it('docs/settings.md', () => expect(settingsPage()).toMatchFileSnapshot('../docs/settings.md'));
  it('faultline.example.yaml', () =>
    expect(settingsExample()).toMatchFileSnapshot('../faultline.example.yaml'));
});

describe('the example file', () => {
  it('gives the defaults, with its comments and without', () => {
    const defaults = settingsSchema.parse({});
    const uncommented = settingsExample().replaceAll(
      /^( *)# (?=[a-z0-9_]+: [^ ]*$|[a-z0-9_]+: \[.*\]$)/gm,
      '$1',
    );
    const tree: unknown = parse(uncommented);
    for (const { path } of settingKeys())
      expect(valueAt(tree, path), path.join('.')).toEqual(valueAt(defaults, path));
    expect(settingsSchema.parse(tree)).toEqual(defaults);
  });

  it('describes every setting', () => {
    for (const { key, description } of settingKeys()) expect(description, key).not.toBe('');
  });

  it('gives each setting its own variable', () => {
    const names = settingKeys().map(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
  });
});
