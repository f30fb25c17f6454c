/** Remembers what metadata answers report about topics, and calls watchers when a topic was created again. */
export class KnownTopics {
  readonly #ids = new Map<string, string>();
  readonly #missing = new Set<string>();
  readonly #watchers = new Set<(topic: string) => void>();

  /** The broker's id of a topic; empty when the broker gives none. */
  idOf(topic: string): string {
    return this.#ids.get(topic) ?? '';
  }

  /** True when the last answer reported that the topic does not exist. */
  isMissing(topic: string): boolean {
    return this.#missing.has(topic);
  }

  /** Calls `watch` whenever a topic has a new id. */
  onRecreated(watch: (topic: string) => void): void {
    this.#watchers.add(watch);
  }

  /** Records that a topic exists. `id` is empty when the broker gives none. */
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
