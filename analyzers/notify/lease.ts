import type { LeaseRow } from '../../store/queries/notify-lease.ts';
import type { NotifyStore } from './notify-store.ts';

/** An analyzer that did not beat for this long, by the store's clock, has lost its lease; seconds. */
export const LEASE_SECONDS = 30;
/**
 * After an analyzer saw that it is the first, it may send for this long, by its own monotonic clock; seconds. With the
 * longest send it is less than LEASE_SECONDS.
 */
export const SURE_SECONDS = 15;
/** A new analyzer waits this long: whoever came before it is visible by then; seconds. */
export const NEWCOMER_SECONDS = 10;
/** If storing the first beat took longer, it is not used: another analyzer may have looked and not seen it; seconds. */
const PROMPT_SECONDS = 3;

/** The analyzer that has been there longest, of those that beat lately and did not leave; null: none. Pure. */
export function firstOf(rows: readonly LeaseRow[], now: number): LeaseRow | null {
  return (
    rows
      .filter(({ at, has_left }) => !has_left && now - at < LEASE_SECONDS)
      .toSorted((a, b) => a.since - b.since || (a.holder < b.holder ? -1 : 1))[0] ?? null
  );
}

/** What a lease receives from outside. */
export interface LeaseContext {
  store: Pick<NotifyStore, 'beat'>;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Returns a new name each time. */
  newHolder(): string;
}

/**
 * Chooses the one of several analyzers that sends. The store has no transactions, so the order of arrival decides, by
 * the store's clock: the one that has been there longest sends, and a new one waits until all earlier ones are visible.
 * An analyzer that was frozen notices it by its monotonic clock before it sends again. If all this fails, as with
 * replicas that lag, two analyzers send the same messages with the same keys.
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

  /**
   * Reports that this analyzer is there, and returns whether it sends. Throws `StoreError`; then it may send until
   * `isSure` is false.
   */
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
    // Counts from before the question, because the answer is not true of any later time.
    this.#sureUntil = leads ? began + SURE_SECONDS * 1000 : Number.NEGATIVE_INFINITY;
    return leads;
  }

  /** Whether this analyzer may still send, by what it saw last. */
  isSure(): boolean {
    return this.#context.monotonic() < this.#sureUntil;
  }

  /** The time of the store's clock, as far as known; epoch seconds. */
  now(): number {
    return this.#clock.store + (this.#context.monotonic() - this.#clock.monotonic) / 1000;
  }

  /**
   * Lets the next analyzer send at once. Throws `StoreError`; then the next one waits until this one has lost its
   * lease.
   */
  async leave(): Promise<void> {
    this.#sureUntil = Number.NEGATIVE_INFINITY;
    if (this.#since !== null) await this.#context.store.beat(this.#holder, this.#since, true);
  }
}
