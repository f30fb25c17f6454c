import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';

const run = promisify(execFile);

/** A mail as it arrived. */
export interface Mail {
  from: string;
  to: string[];
  /** Headers and body. */
  raw: string;
  isEncrypted: boolean;
  user: string;
}

/** A real SMTP server with TLS and a login. */
export interface Mailbox {
  /** host:port. */
  readonly smtp: string;
  readonly mails: Mail[];
  /** PEM file with the authority of its certificate. */
  readonly authority: string;
  stop(): Promise<void>;
}

/** Starts a server that accepts mail only from `user` with `password`, after STARTTLS. */
export async function startMailbox(user: string, password: string): Promise<Mailbox> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-mail-'));
  const request =
    'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1';
  await run('openssl', [...request.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1'], { cwd: folder });
  const mails: Mail[] = [];
  const server = new SMTPServer({
    key: await readFile(path.join(folder, 'key.pem')),
    cert: await readFile(path.join(folder, 'cert.pem')),
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth(given, _session, done) {
      if (given.username === user && given.password === password) done(null, { user });
      else done(new Error(`535 wrong password ${given.password}`));
    },
    onData(stream, session, done) {
      text(stream).then(
        (raw) => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            raw,
            isEncrypted: session.secure,
            user: String(session.user),
          });
          done();
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    smtp: `127.0.0.1:${port}`,
    mails,
    authority: path.join(folder, 'cert.pem'),
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
