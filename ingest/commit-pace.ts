/**
 * Time between two tries to commit while the group refuses the commits of this worker, ms. The Kafka client learns only
 * at its next heartbeat that the worker must join the group again.
 */
const REFUSED = 600;

/**
 * Limits the commits while the group refuses them: only one partition at a time tries to commit, and only at intervals.
 */
export class CommitPace {
  readonly #monotonic: () => number;
  /** Null: the group does not refuse commits. */
  #refusedUntil: number | null = null;
  #asking = false;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Whether a commit may be tried now. After `true` the caller must call `answered`, whatever the result. */
  mayTry(): boolean {
    if (this.#refusedUntil === null) return true;
    if (this.#asking || this.#monotonic() < this.#refusedUntil) return false;
    this.#asking = true;
    return true;
  }

  answered(answer: 'taken' | 'refused' | 'over'): void {
    this.#asking = false;
    if (answer === 'taken') this.#refusedUntil = null;
    if (answer === 'refused') this.#refusedUntil = this.#monotonic() + REFUSED;
  }

  /** Call it for a new assignment, in which nothing was refused yet. */
  reset(): void {
    this.#refusedUntil = null;
    this.#asking = false;
  }
}
