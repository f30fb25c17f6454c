import { StoreError } from './error.ts';

/** What a balancer or a proxy answers while there is no ClickHouse behind it: the same request can succeed later. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const PATIENCE_MS = 5_000;

/**
 * An error whose answer did not come from ClickHouse, as `unreachable` when the address is a gateway that finds no
 * ClickHouse; otherwise as it was. The client keeps the text of an answer and not its status, so `/ping` is asked for it.
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

/** The HTTP status of ClickHouse's `/ping`, which needs no login; 0 without an answer. */
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
