import { StoreError } from './error.ts';

/**
 * HTTP statuses that a balancer or proxy answers when no ClickHouse runs behind it: the same request can succeed later.
 */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const PATIENCE_MS = 5_000;

/**
 * Turns an error into `unreachable` when the answer came from a gateway that reaches no ClickHouse; otherwise returns
 * it unchanged. The client keeps the text of an answer but not its status, so the status of `/ping` is asked for.
 */
export async function withStatusOf(error: StoreError, url: string): Promise<StoreError> {
  if (error.code !== 'refused' || error.serverCode !== 0) return error;
  const status = await pingStatus(url);
  if (!AWAY.has(status)) return error;
  return new StoreError(
    'unreachable',
    `ClickHouse at ${url} does not answer (HTTP ${status}): check that it runs behind this address`,
    0,
    error,
  );
}

/** The HTTP status of ClickHouse's `/ping`, which needs no login; 0 when there is no answer. */
async function pingStatus(url: string): Promise<number> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(new URL('ping', url.endsWith('/') ? url : `${url}/`), { signal });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}
