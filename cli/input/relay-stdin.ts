import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { UserError } from '../errors.ts';

/**
 * Standard input, or a pipe with a name, through a helper process that owns it. The embedded engine must not see standard
 * input (store/embedded-process.ts), so this is to be called before the store is opened. The writer is held up while
 * nobody reads. Throws a `UserError` when it cannot be read to its end.
 */
export function relayStdin(file?: string): AsyncIterable<Buffer> {
  const name = file ?? 'standard input';
  // What the shell made of `<(…)` is open in this process only.
  const own = file !== undefined && /^\/(dev|proc\/self)\/fd\/\d+$/.test(file) ? openSync(file, 'r') : null;
  const relay = spawn('cat', file === undefined || own !== null ? [] : ['--', file], {
    stdio: [own ?? 'inherit', 'pipe', 'pipe'],
  });
  if (own !== null) closeSync(own);
  const { stdout, stderr } = relay;
  if (stdout === null || stderr === null) throw new Error('cat has no pipes');
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 500);
  });
  const failed = (why: string): UserError => new UserError(`${name} cannot be read: ${why}`, 1);
  const ended = new Promise<void>((resolve, reject) => {
    relay.once('error', (error) => reject(failed(`cat does not start (${error.message})`)));
    relay.once('close', (code, signal) => {
      // Ctrl-C reaches the helper too: then there is nothing more to read.
      if (code === 0 || signal === 'SIGINT' || signal === 'SIGTERM') resolve();
      else reject(failed(complaint.trim() === '' ? `cat ended with ${signal ?? code}` : complaint.trim()));
    });
  });
  ended.catch(() => undefined);
  const pieces = stdout.iterator();
  const take = (): Promise<IteratorResult<Buffer>> => {
    const piece = pieces.next();
    piece.catch(() => undefined);
    return piece;
  };
  // Node throws away what a child has left in its pipe when it ends, unless somebody reads there already.
  let next = take();
  const iterator: AsyncIterator<Buffer> = {
    async next() {
      // No race with `ended`: it would hold on to every piece until the end.
      const piece = await next.catch(async (error: unknown) => {
        await ended;
        throw error;
      });
      if (piece.done === true) {
        await ended;
        return { done: true, value: undefined };
      }
      next = take();
      return { done: false, value: piece.value };
    },
    async return() {
      relay.kill();
      stdout.destroy();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
