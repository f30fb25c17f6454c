import { type SettingKey, settingKeys } from './settings-keys.ts';

/** Text of `docs/settings.md`: every setting with its variable, default and meaning, from the schema. */
export function settingsPage(): string {
  return [
    '# Settings',
    '',
    'Settings come from `faultline.yaml` in the present folder (or the file of `--config`), then from the environment, then from flags; the later wins.',
    '',
    '- [`faultline.example.yaml`](../faultline.example.yaml) has every key with its default; `faultline settings --example` prints it.',
    '- `faultline settings` prints the present value of every setting and its origin. Secrets are masked.',
    '- An unknown key, an unknown `FAULTLINE_…` variable or a wrong value is an error that names the key, its place and what is allowed.',
    '- A key without a value means its default; an empty variable counts as not set. Lists in variables are comma-separated.',
    '- Passwords and tokens belong in the environment.',
    '',
    '| key | variable | default | meaning |',
    '|---|---|---|---|',
    ...settingKeys().map(row),
    '',
  ].join('\n');
}

function row({ key, env, map, structured, defaultValue, description, allowed }: SettingKey): string {
  const variable = structured !== null ? 'file only' : `\`${map ? `${env}_FIELD` : env}\``;
  const range =
    allowed.startsWith('a list of') || allowed.startsWith('a text') || allowed === 'a map'
      ? ''
      : ` Allowed: ${allowed}.`;
  return `| \`${key}\` | ${variable} | ${shown(defaultValue)} | ${description.replaceAll('|', '\\|')}${range} |`;
}

function shown(value: unknown): string {
  if (value === '') return 'empty';
  if (Array.isArray(value) && value.length === 0) return 'none';
  if (Array.isArray(value)) return `\`${value.join(',')}\``;
  return typeof value === 'object' ? 'none' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}
