import { type Delivery, isUnfinished } from '../../store/queries/notifications.ts';

/** The log of messages in memory, as far as further decisions depend on it. */
export class DeliveryLog {
  readonly #deliveries = new Map<string, Delivery>();
  /** Newest delivery by receiver and incident. */
  readonly #last = new Map<string, Delivery>();

  /** Adds a delivery, or a newer version of one. */
  add(delivery: Delivery): void {
    const known = this.#deliveries.get(delivery.id);
    if (known !== undefined && known.version > delivery.version) return;
    this.#deliveries.set(delivery.id, delivery);
    for (const { id } of delivery.incidents) {
      const key = keyOf(delivery.receiver, id);
      const last = this.#last.get(key);
      if (last === undefined || last.id === delivery.id || isAfter(delivery, last))
        this.#last.set(key, delivery);
    }
  }

  /** The newest delivery to a receiver about an incident. */
  last(receiver: string, incident: string): Delivery | null {
    return this.#last.get(keyOf(receiver, incident)) ?? null;
  }

  all(): Iterable<Delivery> {
    return this.#deliveries.values();
  }

  /** The deliveries to a receiver that are still to be tried, oldest first. */
  unfinished(receiver: string): Delivery[] {
    return [...this.#deliveries.values()]
      .filter((one) => one.receiver === receiver && isUnfinished(one))
      .sort((a, b) => a.decided_at - b.decided_at || (a.id < b.id ? -1 : 1));
  }

  /** Ids of incidents for which the last message to some receiver said that they fire. */
  firing(): Set<string> {
    const ids = new Set<string>();
    for (const [key, { event }] of this.#last)
      if (event === 'firing') ids.add(key.slice(key.indexOf('\n') + 1));
    return ids;
  }

  /**
   * Forgets finished deliveries that were decided before a time (epoch seconds). A delivery that says that an incident
   * fires is kept as long as it is the last to its receiver about that incident.
   */
  forget(before: number): void {
    for (const delivery of this.#deliveries.values()) {
      if (delivery.decided_at >= before || isUnfinished(delivery)) continue;
      const keys = delivery.incidents.map(({ id }) => keyOf(delivery.receiver, id));
      const isLast = (key: string): boolean => this.#last.get(key)?.id === delivery.id;
      if (delivery.event === 'firing' && keys.some(isLast)) continue;
      this.#deliveries.delete(delivery.id);
      for (const key of keys) if (isLast(key)) this.#last.delete(key);
    }
  }
}

function keyOf(receiver: string, incident: string): string {
  return `${receiver}\n${incident}`;
}

/** Whether a delivery was decided later than another; of two at the same time, the end comes after the beginning. */
function isAfter(one: Delivery, other: Delivery): boolean {
  if (one.decided_at !== other.decided_at) return one.decided_at > other.decided_at;
  return one.event === 'resolved' && other.event === 'firing';
}
