const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** What a `StoreError` or a `KafkaError` says when the other side is not there yet and can come. */
const away: ReadonlySet<unknown> = new Set(['unreachable', 'closed', 'busy', 'no_topic']);

/** READONLY: this user may not write. Later a right may be given back under a running worker; at the start it is missing. */
const MAY_ONLY_READ = 164;

/**
 * Whether waiting can help: nobody answers, the server says that it cannot now, or a topic does not exist yet. A wrong
 * login, a wrong setting, a certificate and a data directory that somebody else has stay as they are.
 */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !away.has(error.code)) return false;
  return !('serverCode' in error && error.serverCode === MAY_ONLY_READ);
}

/**
 * Pause before the next try, ms: doubled with each try up to five seconds, of which `chance` (0 to 1) takes up to half,
 * so that many workers that start together do not ask together.
 */
export function backoffMs(tries: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return full / 2 + (full / 2) * chance;
}
