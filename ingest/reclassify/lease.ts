import { readLastRun, type RunRow, writeRun } from '../../store/queries/reclassify-runs.ts';
import type { Store } from '../../store/store.ts';
import { ReclassifyError } from './reclassify-error.ts';

/** Seconds of silence after which a holder counts as dead: longer than a statement may take on a server. */
export const LEASE_SECONDS = 90;
const BEAT_MS = 15_000;

/** The right to change what is stored, of one process at a time. */
export interface Lease {
  run: Run;
  /** The run was begun by another process, or by another version. */
  isTakenOver: boolean;
  /** Throws `ReclassifyError` when another process has taken over. */
  check(): Promise<void>;
  /** Gives it back: the run is finished, or is left to be gone on with. */
  end(state: 'left' | 'finished'): Promise<void>;
}

export type Run = Pick<RunRow, 'run' | 'since' | 'until' | 'rules' | 'started_at'>;

/**
 * Takes over the run that was not finished, or begins the one that is given. A term is given once, because its first
 * row bears its number as token; whoever finds another's row there has lost. Throws `ReclassifyError` when another
 * process is at it.
 */
export async function takeLease(store: Store, holder: string, fresh: Run): Promise<Lease> {
  const last = await readLastRun(store);
  const isOpen = last !== null && last.state !== 'finished';
  if (last !== null && isHeld(last, store.kind)) throw running(last);
  const { run, since, until, rules, started_at } = isOpen ? last : fresh;
  const own: Run = { run, since, until, rules, started_at };
  const term = (last?.term ?? 0) + 1;
  const say = (state: RunRow['state'], token: string): Promise<void> =>
    writeRun(store, { ...own, term, holder, state }, token);
  await say('running', `reclassify:term:${term}`);
  const winner = await readLastRun(store);
  if (winner !== null && (winner.term !== term || winner.holder !== holder)) throw running(winner);
  let beats = 0;
  let beat = Promise.resolve();
  const timer = setInterval(() => {
    // One that fails is followed by another; `check` tells whether it was too late.
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
          'another process has taken over, because this one did not speak for too long: it goes on there',
        );
    },
    async end(state) {
      clearInterval(timer);
      await beat;
      await say(state, `reclassify:term:${term}:${state}`);
    },
  };
}

/** Whether a process is at a run now, as far as one can know. Pure. */
export function isHeld({ state, silent_seconds }: RunRow, kind: Store['kind']): boolean {
  // Nobody else can have the directory of the embedded engine.
  return state === 'running' && kind === 'server' && silent_seconds < LEASE_SECONDS;
}

function running({ holder, silent_seconds }: RunRow): ReclassifyError {
  return new ReclassifyError(
    'running',
    `faultline reclassify runs already (${holder}, heard of ${Math.round(silent_seconds)} s ago): wait for it; if it was killed, start again in ${Math.ceil(LEASE_SECONDS - silent_seconds)} s`,
  );
}
