import { readFile } from 'node:fs/promises';
import type { NotifySettings } from '../../domain/notify-settings.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';

/** Largest secret, in characters. A larger file is not a secret. */
const LARGEST = 16 * 1024;

/**
 * The secret at `env:NAME` or `file:/path`, without white space around it. Throws a `UserError` that names the place.
 */
export async function readSecret(reference: string, { env }: Pick<CommandContext, 'env'>): Promise<string> {
  const [, kind, place = ''] = /^(env|file):(.*)$/s.exec(reference) ?? [];
  const text = kind === 'env' ? (env[place] ?? '') : await readPlace(place);
  const value = text.trim();
  if (value === '') {
    const what = kind === 'env' ? `environment variable ${place} is not set` : `file ${place} is empty`;
    throw new UserError(`${reference} in notify.receivers: ${what}`);
  }
  return value;
}

async function readPlace(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length <= LARGEST) return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UserError(`file:${path} in notify.receivers: cannot be read (${code})`, 2, error);
  }
  throw new UserError(`file:${path} in notify.receivers: larger than a secret`);
}

/**
 * Reads every secret once, so that a wrong name is found at the start and not when the first incident fires. Throws the
 * first `UserError`.
 */
export async function checkSecrets(
  { receivers }: NotifySettings,
  context: Pick<CommandContext, 'env'>,
): Promise<void> {
  for (const receiver of Object.values(receivers))
    for (const value of Object.values(receiver))
      if (typeof value === 'string' && /^(env|file):/.test(value)) await readSecret(value, context);
}
