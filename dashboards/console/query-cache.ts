/** Keeps answers of the store for a moment, so that several open pages cost as much as one. */
export interface QueryCache {
  /** The value for a key: from the cache, from a running query, or from a new query. A failure is not kept. */
  get<Value>(key: string, ask: () => Promise<Value>): Promise<Value>;
  /** Drops all answers, for example after a change. Callers that already wait still get the answer they wait for. */
  clear(): void;
}

/** A cache that keeps each answer for `keepMs` after its query started. `now` returns epoch milliseconds. */
export function createQueryCache(keepMs: number, now: () => number): QueryCache {
  const entries = new Map<string, { asked: number; value: Promise<unknown>; settled: boolean }>();
  return {
    get<Value>(key: string, ask: () => Promise<Value>): Promise<Value> {
      for (const [old, entry] of entries) {
        if (entry.settled && now() - entry.asked >= keepMs) entries.delete(old);
      }
      const kept = entries.get(key);
      if (kept !== undefined) return kept.value as Promise<Value>;
      const value = ask();
      const entry = { asked: now(), value, settled: false };
      entries.set(key, entry);
      value.then(
        () => {
          entry.settled = true;
        },
        () => {
          if (entries.get(key) === entry) entries.delete(key);
        },
      );
      return value;
    },
    clear: () => entries.clear(),
  };
}
