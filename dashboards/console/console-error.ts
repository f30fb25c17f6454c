/**
 * Why the console cannot run: `token_required` (an address beyond loopback without console.token), `port_in_use`,
 * `cannot_listen` (no such address, or no permission for the port).
 */
export type ConsoleErrorCode = 'token_required' | 'port_in_use' | 'cannot_listen';

/** An error of the console. Its message is one line for the user and names the setting to change. */
export class ConsoleError extends Error {
  readonly code: ConsoleErrorCode;
  constructor(code: ConsoleErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConsoleError';
    this.code = code;
  }
}

/** Turns the error of a failed listen into a `ConsoleError`; any other error is returned unchanged. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') {
    return new ConsoleError(
      'port_in_use',
      `port ${port} on ${host} is in use: stop the other program, or set console.port to another port (0 picks a free one)`,
      error,
    );
  }
  if (code === 'EACCES') {
    return new ConsoleError(
      'cannot_listen',
      `port ${port} on ${host} is not permitted: set console.port to 1024 or higher`,
      error,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EINVAL') {
    return new ConsoleError(
      'cannot_listen',
      `${host} is not an address of this machine: set console.host to 127.0.0.1 or to an address it has`,
      error,
    );
  }
  return error;
}
