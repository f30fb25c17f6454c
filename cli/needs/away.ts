const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** Codes of a `StoreError` or `KafkaError` that mean that the server is not available yet, but may be later. */
const away: ReadonlySet<unknown> = new Set(['unreachable', 'closed', 'busy', 'no_topic']);

/**
 * ClickHouse's code READONLY: this user may not write. A running worker waits until the user may write again; at the
 * start it is an error.
 */
const MAY_ONLY_READ = 164;

/**
 * Whether waiting can help. Waiting helps when nobody answers, when the server cannot answer now, or when a topic does
 * not exist yet. Waiting does not help when a login, setting or certificate is wrong, or when another process uses the
 * data directory.
 */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !away.has(error.code)) return false;
  return !('serverCode' in error && error.serverCode === MAY_ONLY_READ);
}

/**
 * The pause before the next try, ms: it doubles with each try up to five seconds, and `chance` (0 to 1) removes up to
 * half of it, so that workers that start together do not ask together.
 */
export function backoffMs(tries: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return full / 2 + (full / 2) * chance;
}
