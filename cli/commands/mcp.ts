import { Readable } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { relayStdin } from '../input/relay-stdin.ts';
import { serveMcp } from '../mcp/serve-mcp.ts';
import { shareStore } from '../ask/shared-store.ts';
import { version } from '../version.ts';

/** Serves the tools on standard input and output until the client closes its end. */
export async function run(_options: object, context: CommandContext): Promise<number> {
  const { stdin, stdout, signal, settings } = context;
  if (stdin.isTTY)
    context.err('faultline mcp is for agents, not for a terminal: docs/mcp.md says how to register it');
  // The embedded engine must not see standard input.
  const input = settings.clickhouse.url === '' ? Readable.from(relayStdin()) : stdin;
  const shared = shareStore(context);
  try {
    await serveMcp(shared.ask, { input, output: stdout, signal, version: version() });
    return 0;
  } finally {
    input.destroy();
    await shared.close();
  }
}
