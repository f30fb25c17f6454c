import { type Marks, noMarks } from '../../domain/attention.ts';
import type { NotifySettings } from '../../domain/notify-settings.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import type { NotifyStore } from './notify-store.ts';
import type { Seen } from './plan.ts';
import { Told } from './told.ts';

/** Everything is read anew so often: an insert may have taken long, and incidents of histories can be deleted; seconds. */
const WHOLE_SECONDS = 600;
/** What was written a little before the last look is looked at again: it may have become visible late; seconds. */
const OVERLAP_SECONDS = 60;
/** Deliveries that are over are remembered so long, longer than an incident can be opened again; seconds. */
const REMEMBER_SECONDS = 2 * 86_400;
/** What ended within this time is looked at in any case; seconds. */
const LEAST_PAST_SECONDS = 3_600;

/** What stands in the store, as far as it decides what is to be told: each look reads what has changed. */
export class Overview {
  readonly #store: NotifyStore;
  readonly #settings: NotifySettings;
  incidents = new Map<string, Seen>();
  told = new Told();
  marks: Marks = noMarks;
  /** Incidents of which it is known what was told. */
  #asked = new Set<string>();
  #wholeAt = Number.NEGATIVE_INFINITY;
  /** Nobody else has written to the log since it was read. */
  #isLogKnown = false;
  #changedAt = 0;

  constructor(store: NotifyStore, settings: NotifySettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** The next look reads everything: others have written meanwhile. */
  expire(): void {
    this.#wholeAt = Number.NEGATIVE_INFINITY;
    this.#isLogKnown = false;
  }

  /** Looks at `now` (epoch seconds). True: what is not among the incidents now is no more. Throws `StoreError`. */
  async look(now: number): Promise<boolean> {
    const isWhole = now - this.#wholeAt >= WHOLE_SECONDS;
    if (isWhole) await this.#lookAtAll(now);
    else await this.#lookAtChanges(now);
    this.#changedAt = now;
    this.marks = await this.#store.marks();
    return isWhole;
  }

  async #lookAtChanges(now: number): Promise<void> {
    const changed = await this.#store.changed(Math.min(now, this.#changedAt) - OVERLAP_SECONDS);
    await this.#remember(changed);
    for (const seen of changed) this.incidents.set(seen.incident.id, seen);
  }

  async #lookAtAll(now: number): Promise<void> {
    const { history_seconds, give_up_seconds } = this.#settings;
    const remembered = now - REMEMBER_SECONDS - give_up_seconds;
    // The log is long: while no other analyzer sends, what is known of it is all there is.
    if (!this.#isLogKnown) {
      this.#asked = new Set();
      this.#add(await this.#store.deliveries({ since: remembered }));
    }
    const open = await this.#store.present(now - Math.max(history_seconds, LEAST_PAST_SECONDS));
    await this.#remember(open);
    const ids = new Set(open.map(({ incident }) => incident.id));
    this.#asked = new Set(ids);
    this.told.forget(remembered);
    const foreign = [...this.told.toldFiring()].filter((id) => !ids.has(id));
    const seen = foreign.length === 0 ? open : [...open, ...(await this.#store.these(foreign))];
    this.incidents = new Map(seen.map((one) => [one.incident.id, one]));
    this.#isLogKnown = true;
    this.#wholeAt = now;
  }

  /** An incident that was over and forgotten may be open again: what was told of it then decides. */
  async #remember(seen: readonly Seen[]): Promise<void> {
    const unknown = seen.map(({ incident }) => incident.id).filter((id) => !this.#asked.has(id));
    if (unknown.length > 0) this.#add(await this.#store.deliveries({ incidents: unknown }));
    for (const id of unknown) this.#asked.add(id);
  }

  /** Into what is known already: a message may be on its way, and its answer is newer than what was just read. */
  #add(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries.toSorted((a, b) => a.decided_at - b.decided_at))
      this.told.add(delivery);
  }
}
