/** Between two commits of a worker that the group refuses, ms: the client notices that only at its next heartbeat. */
const REFUSED = 600;

/** Keeps a worker that the group refuses from asking all the time: one partition asks, once in a while. */
export class CommitPace {
  readonly #monotonic: () => number;
  /** Null: the group does not refuse. */
  #refusedUntil: number | null = null;
  #asking = false;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Whether a commit may be tried now. Who is told so says `answered` afterwards, whatever came of it. */
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

  /** A new assignment: nobody has been refused in it. */
  reset(): void {
    this.#refusedUntil = null;
    this.#asking = false;
  }
}
