import { printable } from './format/text.ts';
import { maskCredentials } from './mask.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, found: 1, usage: 2, interrupted: 130 } as const;

/** An error whose message is one line for the user: it names the thing and what to do. No stack is shown. */
export class UserError extends Error {
  readonly code = 'user_error';
  /** 2 for wrong use (flags, settings), 1 for problems outside (file, broker, server). */
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.usage, cause?: unknown) {
    super(message, { cause });
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** An error as the user sees it: one line without secrets, and the exit code. */
export interface ErrorReport {
  line: string;
  exitCode: number;
  /** False for a bug of the program. Only then a stack is helpful. */
  expected: boolean;
}

/** Describes any thrown value in one line, with the exit code. */
export function describeError(error: unknown): ErrorReport {
  const report = reportOf(error);
  return { ...report, line: maskCredentials(printable(oneLine(report.line))) };
}

/** The stack of an unexpected error, with its causes and without secrets in addresses. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return maskCredentials(`${error.stack ?? error.message}${cause}`);
}

function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return unexpected(String(error));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof UserError) return { line: error.message, exitCode: error.exitCode, expected: true };
  // Our own errors have a code in lower case and a message written for the user; codes of Node are in upper case.
  if (/^[a-z][a-z_]*$/.test(code)) {
    const exitCode = usageCodes.has(code) ? EXIT.usage : EXIT.found;
    return { line: error.message, exitCode, expected: true };
  }
  const system = systemLine(error, code);
  if (system !== null) return { line: system, exitCode: EXIT.found, expected: true };
  return unexpected(error.message === '' ? error.name : error.message);
}

/** Codes of errors that mean a wrong request, not a problem outside. */
const usageCodes = new Set(['bad_query', 'bad_setting', 'token_required']);

function unexpected(message: string): ErrorReport {
  return {
    line: `unexpected error: ${message}; set FAULTLINE_LOG_LEVEL=debug for the stack`,
    exitCode: EXIT.found,
    expected: false,
  };
}

const systemFixes: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be accessed; check its permissions',
  EPERM: 'may not be accessed; check its permissions',
  EISDIR: 'is a directory; name a file',
  ENOTDIR: 'is not a directory',
  EROFS: 'is on a read-only file system; name another place',
  ENOSPC: 'cannot be written: the disk is full',
  EMFILE: 'cannot be opened: too many open files; raise ulimit -n',
  EADDRINUSE: 'is in use; stop the other process or choose another port',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another host',
  ECONNREFUSED: 'refuses connections; check the address and that it runs',
  ECONNRESET: 'broke off the connection; check that it still runs',
  ENOTFOUND: 'is an unknown host; check its name',
  EAI_AGAIN: 'cannot be looked up now; check the name and DNS',
  ETIMEDOUT: 'does not answer; check the address and the firewall',
  EHOSTUNREACH: 'cannot be reached; check the address and the network',
  ENETUNREACH: 'cannot be reached; check the address and the network',
};

function systemLine(error: Error, code: string): string | null {
  const fix = systemFixes[code];
  if (fix === undefined) return null;
  const { path, address, hostname, port } = error as NodeJS.ErrnoException & {
    address?: string;
    hostname?: string;
    port?: number;
  };
  const host = address ?? hostname;
  const thing = path ?? (host === undefined ? undefined : `${host}${port === undefined ? '' : `:${port}`}`);
  return thing === undefined ? `${error.message} (${code})` : `${thing} ${fix}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
