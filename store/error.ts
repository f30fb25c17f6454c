/**
 * What went wrong with the store, so that callers can act without reading messages: `unreachable` (no answer; try
 * again), `busy` (a transient server code; try again), `refused` (the server rejects the statement or the data; trying
 * again cannot help), `locked` (another process owns the data directory), `unavailable` (the engine is not installed,
 * its directory cannot be used, or a port cannot be opened), `slow` (no answer within the time that the caller allows).
 */
export type StoreErrorCode = 'unreachable' | 'busy' | 'refused' | 'locked' | 'unavailable' | 'slow';

/** An error of the store. Its message is one line for people. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** ClickHouse's error number; 0 when the error does not come from ClickHouse. */
  readonly serverCode: number;
  constructor(code: StoreErrorCode, message: string, serverCode = 0, cause?: unknown) {
    super(message, { cause });
    this.name = 'StoreError';
    this.code = code;
    this.serverCode = serverCode;
  }
}

/** True when the same statement can succeed later. */
export function isRetriable(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'unreachable' || error.code === 'busy');
}

/**
 * Server codes after which the same statement can succeed (names as in ClickHouse's ErrorCodes). All other codes
 * concern the statement or its data; an unknown code is never retried.
 */
export const transientServerCodes: Readonly<Record<number, string>> = {
  3: 'UNEXPECTED_END_OF_FILE',
  32: 'ATTEMPT_TO_READ_AFTER_EOF',
  75: 'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  107: 'FILE_DOESNT_EXIST',
  159: 'TIMEOUT_EXCEEDED',
  164: 'READONLY',
  198: 'DNS_ERROR',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  203: 'NO_FREE_CONNECTION',
  209: 'SOCKET_TIMEOUT',
  210: 'NETWORK_ERROR',
  225: 'NO_ZOOKEEPER',
  236: 'ABORTED',
  241: 'MEMORY_LIMIT_EXCEEDED',
  242: 'TABLE_IS_READ_ONLY',
  243: 'NOT_ENOUGH_SPACE',
  252: 'TOO_MANY_PARTS',
  279: 'ALL_CONNECTION_TRIES_FAILED',
  285: 'TOO_FEW_LIVE_REPLICAS',
  286: 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE',
  319: 'UNKNOWN_STATUS_OF_INSERT',
  425: 'SYSTEM_ERROR',
  999: 'KEEPER_EXCEPTION',
};

/** Node's codes of a connection that failed or broke off. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
]);

/** Node's codes of a directory that cannot be created or written. */
const directoryCodes = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'ENOENT', 'EEXIST']);

/**
 * Turns any error of the client, the engine or the file system into a `StoreError` about `where` (an HTTP address or a
 * directory).
 */
export function toStoreError(error: unknown, where: string): StoreError {
  if (error instanceof StoreError) return error;
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const serverCode = serverCodeOf(error);
  if (serverCode !== 0) return fromServerCode(serverCode, message, where, error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (networkCodes.has(code) || /timeout|socket hang up|closed/i.test(message)) {
    return new StoreError(
      'unreachable',
      `ClickHouse at ${where} does not answer (${code || message}): check clickhouse.url and that it runs`,
      0,
      error,
    );
  }
  if (directoryCodes.has(code)) {
    return new StoreError(
      'unavailable',
      `data directory ${where} cannot be used (${code}): check clickhouse.path, its permissions and free space`,
      0,
      error,
    );
  }
  if (/Failed to create connection|data directory/.test(message)) {
    return new StoreError(
      'unavailable',
      `data directory ${where} cannot be opened: it may be in use by another process, read-only or full; check clickhouse.path`,
      0,
      error,
    );
  }
  return new StoreError('refused', `ClickHouse at ${where}: ${message}`, 0, error);
}

function fromServerCode(serverCode: number, message: string, where: string, cause: unknown): StoreError {
  if (serverCode === 516 || serverCode === 192 || serverCode === 193) {
    return new StoreError(
      'refused',
      `ClickHouse at ${where} refused the login: check clickhouse.user and clickhouse.password`,
      serverCode,
      cause,
    );
  }
  const name = transientServerCodes[serverCode];
  if (name !== undefined) {
    return new StoreError(
      'busy',
      `ClickHouse at ${where} cannot do it now (${serverCode} ${name}): ${message.replace(` (${name})`, '')}`,
      serverCode,
      cause,
    );
  }
  return new StoreError(
    'refused',
    `ClickHouse at ${where} refused (${serverCode}): ${message}`,
    serverCode,
    cause,
  );
}

/** `ClickHouseError.code` is the number as text; chDB writes it into the message: `Code: 27. DB::Exception: …`. */
function serverCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ('code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code))
    return Number(error.code);
  return Number(/^Code: (\d+)\. DB::Exception/.exec(error.message)?.[1] ?? 0);
}

function firstLine(text: string): string {
  const line = text.replace(/^Code: \d+\. DB::Exception: /, '').split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
