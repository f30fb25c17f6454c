import type { Store } from '../store.ts';
import { type IngestState, readIngestState } from './ingest-state.ts';

/**
 * A partition is behind when it is stored only up to a time more than this many seconds ago. Workers report every 10 s
 * what they learned in the last 10 s, and by default a batch of a partition with few records waits 5 s.
 */
export const IN_STEP_SECONDS = 30;

/**
 * A partition that has not moved for this many seconds no longer holds the watermark back, where the caller names no
 * other time.
 */
const HOLD_SECONDS = 900;

/**
 * Event time (epoch seconds) up to which everything that workers know of is stored; null when no partition is behind. A
 * partition is behind when something waits in it, or when its last report is too old to know. A partition that has
 * stood still for more than `holdSeconds` no longer holds the watermark back; an incident tells people about it. Pure.
 */
export function watermarkOf({ now, partitions }: IngestState, holdSeconds: number): number | null {
  const behind = partitions.filter(
    ({ stored_until, still_since }) =>
      now - stored_until > IN_STEP_SECONDS && now - still_since <= holdSeconds,
  );
  return behind.length === 0 ? null : Math.min(...behind.map(({ stored_until: until }) => until));
}

/**
 * The watermark according to the newest reports; null when no partition is behind `now` (epoch seconds). Throws
 * `StoreError`.
 */
export async function readWatermark(
  store: Store,
  now: number,
  holdSeconds = HOLD_SECONDS,
): Promise<number | null> {
  const watermark = watermarkOf(await readIngestState(store), holdSeconds);
  return watermark === null || watermark >= now ? null : watermark;
}
