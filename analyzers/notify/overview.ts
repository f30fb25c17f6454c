import { type Marks, noMarks } from '../../domain/attention.ts';
import type { NotifySettings } from '../../domain/notify-settings.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import type { NotifyStore } from './notify-store.ts';
import type { EvaluatedIncident } from './plan.ts';
import { DeliveryLog } from './delivery-log.ts';

/**
 * Everything is read again after this many seconds. Reading only changes would miss rows whose insert took long, and
 * would not show that incidents have been deleted.
 */
const WHOLE_SECONDS = 600;
/** Each look also reads this many seconds before the last look, because rows may become visible late. */
const OVERLAP_SECONDS = 60;
/** Finished deliveries are remembered for this many seconds, longer than resolved incidents can be opened again. */
const REMEMBER_SECONDS = 2 * 86_400;
/** Incidents that ended within this time are always read; seconds. */
const LEAST_PAST_SECONDS = 3_600;

/** What the notifier knows of incidents and messages. Each look reads from the store what has changed. */
export class Overview {
  readonly #store: NotifyStore;
  readonly #settings: NotifySettings;
  incidents = new Map<string, EvaluatedIncident>();
  log = new DeliveryLog();
  marks: Marks = noMarks;
  /** Ids of the incidents whose earlier messages have been read. */
  #asked = new Set<string>();
  #wholeAt = Number.NEGATIVE_INFINITY;
  /** True while no other analyzer has written to the log since it was read. */
  #isLogKnown = false;
  #changedAt = 0;

  constructor(store: NotifyStore, settings: NotifySettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** Makes the next look read everything, because others have written in between. */
  expire(): void {
    this.#wholeAt = Number.NEGATIVE_INFINITY;
    this.#isLogKnown = false;
  }

  /**
   * Reads what changed up to `now` (epoch seconds). Returns true if everything was read; an incident that is missing
   * then has been deleted. Throws `StoreError`.
   */
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
    // Reading the log is expensive. As long as no other analyzer sends, everything in it is known here, so it is not
    // read.
    if (!this.#isLogKnown) {
      this.#asked = new Set();
      this.#add(await this.#store.deliveries({ since: remembered }));
    }
    const open = await this.#store.present(now - Math.max(history_seconds, LEAST_PAST_SECONDS));
    await this.#remember(open);
    const ids = new Set(open.map(({ incident }) => incident.id));
    this.#asked = new Set(ids);
    this.log.forget(remembered);
    const foreign = [...this.log.firing()].filter((id) => !ids.has(id));
    const seen = foreign.length === 0 ? open : [...open, ...(await this.#store.these(foreign))];
    this.incidents = new Map(seen.map((one) => [one.incident.id, one]));
    this.#isLogKnown = true;
    this.#wholeAt = now;
  }

  /** Reads the earlier messages of incidents that are not remembered any more but may have been opened again. */
  async #remember(seen: readonly EvaluatedIncident[]): Promise<void> {
    const unknown = seen.map(({ incident }) => incident.id).filter((id) => !this.#asked.has(id));
    if (unknown.length > 0) this.#add(await this.#store.deliveries({ incidents: unknown }));
    for (const id of unknown) this.#asked.add(id);
  }

  /**
   * Adds rows of the log, but keeps a newer version of a delivery that is already known: a message in flight may have
   * been answered since the row was read.
   */
  #add(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries.toSorted((a, b) => a.decided_at - b.decided_at)) this.log.add(delivery);
  }
}
