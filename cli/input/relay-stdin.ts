import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { UserError } from '../errors.ts';

/**
 * Reads standard input, or a named pipe, through a helper process. Call it before the store is opened, because the
 * embedded engine must not see standard input (store/embedded-process.ts). While nobody reads, the writer is blocked.
 * Throws a `UserError` when the input cannot be read to its end.
 */
export function relayStdin(file?: string): AsyncIterable<Buffer> {
  const name = file ?? 'standard input';
  // A pipe that the shell made for `<(…)` is open only in this process.
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
      // Ctrl-C ends the helper, too; this is not an error.
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
  // One piece is always requested in advance: when a child ends, Node discards the rest of its pipe unless somebody is
  // reading.
  let next = take();
  const iterator: AsyncIterator<Buffer> = {
    async next() {
      // A race with `ended` would keep every piece in memory until the end.
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
