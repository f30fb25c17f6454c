import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { stringify } from 'yaml';
import type { CommandContext } from '../context.ts';
import { maskCredentials } from '../mask.ts';
import { settingsExample } from '../settings/settings-example.ts';
import { settingKeys, valueAt } from '../settings/settings-keys.ts';

export interface ShowSettingsOptions {
  example?: boolean;
}

/**
 * Prints the example file, or the effective settings as YAML with the origin of each value that is not the default;
 * secrets are masked.
 */
export async function run(options: ShowSettingsOptions, context: CommandContext): Promise<number> {
  if (options.example === true) {
    context.stdout.write(settingsExample());
    return 0;
  }
  context.stdout.write(effectiveSettings(context.settings, context.origins));
  return 0;
}

/** The settings as YAML; a comment after each value that was set names its origin. Secrets appear as `***`. */
export function effectiveSettings(settings: unknown, origins: ReadonlyMap<string, string>): string {
  const document = parseDocument(stringify(settings));
  for (const { path, secret, key } of settingKeys()) {
    const value = valueAt(settings, path);
    if (secret && value !== '') document.setIn(path, '***');
    else if (typeof value === 'string') document.setIn(path, maskCredentials(value));
    const origin = originOf(key, origins);
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (origin !== undefined && isMap(parent)) comment(parent, path.at(-1) ?? '', origin);
  }
  return document.toString({ lineWidth: 0 });
}

/** For a map such as `mapping`, each entry may have an origin; the first one is shown. */
function originOf(key: string, origins: ReadonlyMap<string, string>): string | undefined {
  return origins.get(key) ?? [...origins].find(([name]) => name.startsWith(`${key}.`))?.[1];
}

function comment(parent: YAMLMap, name: string, origin: string): void {
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === name);
  if (isScalar(pair?.value)) pair.value.comment = ` ${origin}`;
  else if (isScalar(pair?.key)) pair.key.commentBefore = ` ${origin}`;
}
