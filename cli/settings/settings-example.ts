import { stringify } from 'yaml';
import { type SettingKey, settingKeys } from './settings-keys.ts';

/** Text of `faultline.example.yaml`: every setting with its meaning, and its default as a comment. */
export function settingsExample(): string {
  const lines = [...preamble];
  let open: readonly string[] = [];
  for (const setting of settingKeys()) {
    const sections = setting.path.slice(0, -1);
    const opened = sections.filter(
      (_, i) => sections.slice(0, i + 1).join('.') !== open.slice(0, i + 1).join('.'),
    );
    if (opened.length > 0 || sections.length === 0) lines.push('');
    for (const name of opened) lines.push(`${'  '.repeat(sections.indexOf(name))}${name}:`);
    open = sections;
    lines.push(...entry(setting, '  '.repeat(sections.length)));
  }
  return `${lines.join('\n')}\n`;
}

const preamble = [
  '# Settings of faultline, each with its default. Written by `faultline settings --example`.',
  '# Remove the # before a key to change it. Every key is also an environment variable, which wins over this file:',
  '# kafka.session_timeout_ms is FAULTLINE_KAFKA_SESSION_TIMEOUT_MS. Flags win over both.',
];

function entry(
  { path, description, defaultValue, allowed, map }: SettingKey,
  indent: string,
): readonly string[] {
  const meaning = isObvious(allowed) ? description : `${description} (${allowed})`;
  const name = path.at(-1) ?? '';
  const value = map ? '{}' : inline(defaultValue);
  return [`${indent}# ${meaning}`, `${indent}# ${name}: ${value}`];
}

function isObvious(allowed: string): boolean {
  return (
    allowed === 'a text' ||
    allowed === 'a list of texts' ||
    allowed === 'a map' ||
    allowed.endsWith(' of sections')
  );
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();
}
