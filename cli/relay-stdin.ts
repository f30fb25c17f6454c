import { spawn } from 'node:child_process';

/**
 * Standard input through a helper process that owns it. The embedded engine must not see it (store/connect.ts), so
 * this is to be called before the store is opened.
 */
export function relayStdin(): AsyncIterable<Buffer> {
  const relay = spawn('cat', { stdio: ['inherit', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_resolve, reject) => {
    relay.once('error', reject);
  });
  failed.catch(() => undefined);
  async function* lines(): AsyncGenerator<Buffer> {
    const read = relay.stdout[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([read.next(), failed]);
      if (next.done === true) return;
      yield next.value;
    }
  }
  return lines();
}
