import type { LeaseRow } from '../../store/queries/notify-lease.ts';
import type { NotifyStore } from './notify-store.ts';

/** An analyzer that did not report for this many seconds, by the store's clock, has lost its lease. */
export const LEASE_SECONDS = 30;
/**
 * After an analyzer saw that it holds the lease, it may send for this many seconds by its own clock. Together with the
 * longest send this is less than LEASE_SECONDS, so no other analyzer sends at the same time.
 */
export const SURE_SECONDS = 15;
/** A new analyzer waits this many seconds before it sends: by then it can see every analyzer that started before it. */
export const NEWCOMER_SECONDS = 10;
/**
 * If storing its first report took an analyzer more than this many seconds, it reports again as a new one: another
 * analyzer may have looked in between without seeing it.
 */
const PROMPT_SECONDS = 3;

/**
 * Chooses the analyzer that sends: the one that started first among those that reported lately and did not leave; null:
 * there is none. Pure.
 */
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
 * Decides which of several analyzers sends messages. The store has no transactions, so the order in which they started
 * decides, by the store's clock: the first one sends, and a new one waits until it can see all earlier ones. An
 * analyzer whose process was frozen notices by its monotonic clock that its time is over. If all this fails, for
 * example with replicas that lag behind, two analyzers send the same messages under the same keys, so receivers can
 * tell that they are the same.
 */
export class NotifyLease {
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
   * Reports to the store that this analyzer is running, and returns whether it may send. Throws `StoreError`; then it
   * may send only as long as `isSure` is true.
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
    // The time counts from before the store was asked, because its answer says nothing about later times.
    this.#sureUntil = leads ? began + SURE_SECONDS * 1000 : Number.NEGATIVE_INFINITY;
    return leads;
  }

  /** Whether this analyzer may still send, judged by its last look at the store. */
  isSure(): boolean {
    return this.#context.monotonic() < this.#sureUntil;
  }

  /** The time of the store's clock, as far as known; epoch seconds. */
  now(): number {
    return this.#clock.store + (this.#context.monotonic() - this.#clock.monotonic) / 1000;
  }

  /**
   * Gives up the lease, so that the next analyzer can send at once. Throws `StoreError`; then the next one must wait
   * until the lease ends by itself.
   */
  async leave(): Promise<void> {
    this.#sureUntil = Number.NEGATIVE_INFINITY;
    if (this.#since !== null) await this.#context.store.beat(this.#holder, this.#since, true);
  }
}
