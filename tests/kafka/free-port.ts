import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that systems use for outgoing connections (from 32768 on): such a connection could otherwise take the
// port before its use.
const FIRST = 14_000;
const PER_WORKER = 2_000;
const WORKERS = 9;

/** Test files that run at the same time use different ports; another run of the tests begins elsewhere. */
const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS;
let next = randomInt(PER_WORKER);

/** A port of 127.0.0.1 on which nobody listens at this moment; a process never gets the same one twice in a row. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PER_WORKER; tries++) {
    const port = FIRST + worker * PER_WORKER + next;
    next = (next + 1) % PER_WORKER;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of 127.0.0.1 is free from ${FIRST + worker * PER_WORKER} on`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
