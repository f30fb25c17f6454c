import { readLastRun, type RunRow, writeRun } from '../../store/queries/reclassify-runs.ts';
import type { Store } from '../../store/store.ts';
import { ReclassifyError } from './reclassify-error.ts';

/** Seconds of silence after which a holder counts as dead: longer than a statement may take on a server. */
export const LEASE_SECONDS = 90;
const BEAT_MS = 15_000;

/** The right to change what is stored; one process has it at a time. */
export interface ReclassifyLease {
  run: ReclassifyRun;
  /** True when another process started the run. */
  isTakenOver: boolean;
  /** Throws `ReclassifyError` when another process has taken over. */
  check(): Promise<void>;
  /** Gives the lease back: the run is finished, or another process may continue it. */
  end(state: 'left' | 'finished'): Promise<void>;
}

export type ReclassifyRun = Pick<RunRow, 'run' | 'since' | 'until' | 'rules' | 'started_at'>;

/**
 * Takes over the run that is not finished, or starts the run `fresh`. Each holder gets a new term number. Only one
 * process can get a number, because the number is the token of the first row that it writes; a process that then reads
 * the row of another one has lost. Throws `ReclassifyError` when another process has the lease.
 */
export async function takeLease(
  store: Store,
  holder: string,
  fresh: ReclassifyRun,
): Promise<ReclassifyLease> {
  const last = await readLastRun(store);
  const isOpen = last !== null && last.state !== 'finished';
  if (last !== null && isHeld(last, store.kind)) throw running(last);
  const { run, since, until, rules, started_at } = isOpen ? last : fresh;
  const own: ReclassifyRun = { run, since, until, rules, started_at };
  const term = (last?.term ?? 0) + 1;
  const say = (state: RunRow['state'], token: string): Promise<void> =>
    writeRun(store, { ...own, term, holder, state }, token);
  await say('running', `reclassify:term:${term}`);
  const winner = await readLastRun(store);
  if (winner !== null && (winner.term !== term || winner.holder !== holder)) throw running(winner);
  let beats = 0;
  let beat = Promise.resolve();
  const timer = setInterval(() => {
    // A failed report is followed by another one. If that one comes too late, another process takes over and `check`
    // throws.
    beat = say('running', `reclassify:term:${term}:${++beats}`).catch(() => undefined);
  }, BEAT_MS);
  timer.unref();
  return {
    run: own,
    isTakenOver: isOpen,
    async check() {
      const newest = await readLastRun(store);
      if (newest?.term !== term)
        throw new ReclassifyError(
          'taken',
          'another process has taken over, because this one did not report for too long: the run continues there',
        );
    },
    async end(state) {
      clearInterval(timer);
      await beat;
      await say(state, `reclassify:term:${term}:${state}`);
    },
  };
}

/** Whether a process is working on a run now, as far as the store shows. Pure. */
export function isHeld({ state, silent_seconds }: RunRow, kind: Store['kind']): boolean {
  // Only one process can open the directory of the embedded engine, so no other process is at work.
  return state === 'running' && kind === 'server' && silent_seconds < LEASE_SECONDS;
}

function running({ holder, silent_seconds }: RunRow): ReclassifyError {
  return new ReclassifyError(
    'running',
    `faultline reclassify runs already (${holder}, last report ${Math.round(silent_seconds)} s ago): wait for it; if it was killed, start again in ${Math.ceil(LEASE_SECONDS - silent_seconds)} s`,
  );
}
