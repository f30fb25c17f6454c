import { connect } from 'node:tls';

const PATIENCE_MS = 2_000;

/**
 * Whether a TLS handshake succeeds at an address, whatever its certificate. A server that requires TLS closes a plain
 * connection without an answer, like one that is still starting: only this distinguishes them.
 */
export function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent and nothing is trusted, so the certificate does not matter.
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: PATIENCE_MS });
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('secureConnect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
