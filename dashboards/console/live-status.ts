/** What the process that serves the page is doing now. Times are epoch milliseconds of event time. */
export interface LiveStatus {
  /** Where records come from, for people: `demo`, a file's name, `Kafka topic llm-requests`. */
  source: string;
  state: 'starting' | 'running' | 'finished' | 'degraded';
  /** Why it is degraded, or what it waits for; may be empty. */
  detail: string;
  /** Records read so far. */
  records: number;
  /** Of these, failed requests. */
  failures: number;
  records_per_second: number;
  /** Part of the source that has been read, 0 to 1; null where it has no end. */
  progress: number | null;
  /** Up to here records have been counted; null before the first. */
  watermark: number | null;
  /**
   * What counts as now: `now-24h` and hold times are measured from here. A demo says its simulated present, a
   * historical file its newest record; null: the clock. What has not been counted yet is no present: the watermark is
   * the latest that it can be.
   */
  present: number | null;
}

/** Event time that counts as now, epoch milliseconds; `clock` where records come as they happen. */
export function presentOf(live: LiveStatus | undefined, clock: number): number {
  if (live === undefined || live.present === null) return Math.round(clock);
  return Math.round(Math.min(live.present, live.watermark ?? live.present));
}
