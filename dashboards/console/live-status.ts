/** What the process that serves the page is doing now. Times are epoch milliseconds of event time. */
export interface LiveStatus {
  /** The source of the records, for people: `demo`, the name of a file, `Kafka topic llm-requests`. */
  source: string;
  state: 'starting' | 'running' | 'finished' | 'degraded';
  /** Why it is degraded, or what it waits for; may be empty. */
  detail: string;
  /** Records read so far. */
  records: number;
  /** Failed requests so far. */
  failures: number;
  records_per_second: number;
  /** Part of the source that has been read, 0 to 1; null when the source has no end. */
  progress: number | null;
  /** Everything up to here is counted; null before the first count. */
  watermark: number | null;
  /**
   * The present, from which `now-24h` and the time left until `hold_until` are measured. A demo gives its simulated
   * time, a historical file the time of its newest record; null: the clock. `presentOf` limits it to the watermark,
   * because later records are not counted yet.
   */
  present: number | null;
}

/** The present, epoch milliseconds of event time; `clock` when records arrive as they happen. */
export function presentOf(live: LiveStatus | undefined, clock: number): number {
  if (live === undefined || live.present === null) return Math.round(clock);
  return Math.round(Math.min(live.present, live.watermark ?? live.present));
}
