import type { LeaseRow } from '../../store/queries/notify-lease.ts';
import type { NotifyStore } from './notify-store.ts';

/** Who has not spoken for so long, by the store's clock, has no lease any more; seconds. */
export const LEASE_SECONDS = 30;
/** So long after it was seen to be the first, an analyzer still sends, by its own monotonic clock; seconds. With the longest send it is less than LEASE_SECONDS. */
export const SURE_SECONDS = 15;
/** A newcomer waits so long: whoever came before it is visible by then; seconds. */
export const NEWCOMER_SECONDS = 10;
/** A first word that took longer to be stored is not trusted: somebody may have looked and not seen it; seconds. */
const PROMPT_SECONDS = 3;

/** Of those that spoke lately and have not left, the one that has been there longest; null: nobody. Pure. */
export function firstOf(rows: readonly LeaseRow[], now: number): LeaseRow | null {
  return (
    rows
      .filter(({ at, has_left }) => !has_left && now - at < LEASE_SECONDS)
      .toSorted((a, b) => a.since - b.since || (a.holder < b.holder ? -1 : 1))[0] ?? null
  );
}

/** What a lease is given from outside. */
export interface LeaseContext {
  store: Pick<NotifyStore, 'beat'>;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Another name each time. */
  newHolder(): string;
}

/**
 * Makes one of several analyzers the one that sends. The store has no transactions, so the order in which they came decides,
 * by the store's clock: whoever is there longest sends, and a newcomer waits until all before it can be seen. An
 * analyzer that was frozen finds out by its monotonic clock before it sends again. Where all this fails, as between
 * replicas that lag, two send the same messages with the same keys.
 */
export class Lease {
  readonly #context: LeaseContext;
  #holder: string;
  #since: number | null = null;
  #sureUntil = Number.NEGATIVE_INFINITY;
  #clock = { store: 0, monotonic: 0 };

  constructor(context: LeaseContext) {
    this.#context = context;
    this.#holder = context.newHolder();
  }

  /** Says that this analyzer is there and looks whether it is the one. Throws `StoreError`; then it is until it is no longer sure. */
  async beat(): Promise<boolean> {
    const { store, monotonic, newHolder } = this.#context;
    const began = monotonic();
    const isFirstWord = this.#since === null;
    const { now, rows } = await store.beat(this.#holder, this.#since, false);
    const ended = monotonic();
    const own = rows.find(({ holder }) => holder === this.#holder);
    if (own !== undefined) this.#clock = { store: now, monotonic: ended };
    if (isFirstWord && (own === undefined || ended - began > PROMPT_SECONDS * 1000)) {
      this.#holder = newHolder();
      return false;
    }
    this.#since = own?.since ?? this.#since;
    const leads =
      firstOf(rows, now)?.holder === this.#holder && now - (this.#since ?? now) >= NEWCOMER_SECONDS;
    // From before the question: what it answers is true of no later time.
    this.#sureUntil = leads ? began + SURE_SECONDS * 1000 : Number.NEGATIVE_INFINITY;
    return leads;
  }

  /** Whether this analyzer may still send, by what it saw last. */
  isSure(): boolean {
    return this.#context.monotonic() < this.#sureUntil;
  }

  /** The time of the store's clock, as far as is known; epoch seconds. */
  now(): number {
    return this.#clock.store + (this.#context.monotonic() - this.#clock.monotonic) / 1000;
  }

  /** Lets the next one send at once. Throws `StoreError`; then that one waits until this one is forgotten. */
  async leave(): Promise<void> {
    this.#sureUntil = Number.NEGATIVE_INFINITY;
    if (this.#since !== null) await this.#context.store.beat(this.#holder, this.#since, true);
  }
}
