/** What metadata answers tell of topics, and who wants to know of a topic that was created again. */
export class KnownTopics {
  readonly #ids = new Map<string, string>();
  readonly #missing = new Set<string>();
  readonly #watchers = new Set<(topic: string) => void>();

  /** The broker's id of a topic; empty where it tells none. */
  idOf(topic: string): string {
    return this.#ids.get(topic) ?? '';
  }

  /** True when the last answer said that there is no such topic. */
  isMissing(topic: string): boolean {
    return this.#missing.has(topic);
  }

  /** Calls `watch` whenever a topic has another id than before. */
  onRecreated(watch: (topic: string) => void): void {
    this.#watchers.add(watch);
  }

  /** A topic is there. `id` is empty where the broker tells none. */
  found(topic: string, id: string): void {
    this.#missing.delete(topic);
    if (id === '') return;
    const before = this.#ids.get(topic);
    this.#ids.set(topic, id);
    if (before !== undefined && before !== id) for (const watch of this.#watchers) watch(topic);
  }

  missed(topic: string): void {
    this.#missing.add(topic);
  }
}
