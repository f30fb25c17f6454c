import type { ChannelContext } from './channel.ts';

/** The address in a setting, or the one behind `env:NAME` or `file:/path`. Throws an error of one line. */
export async function resolveAddress(setting: string, { secret }: ChannelContext): Promise<string> {
  if (!/^(env|file):/.test(setting)) return setting;
  const value = await secret(setting);
  if (URL.parse(value)?.protocol.startsWith('http') === true) return value;
  throw new Error(`${setting} holds no http:// or https:// address`);
}
