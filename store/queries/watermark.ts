import type { Store } from '../store.ts';
import { type IngestState, readIngestState } from './ingest-state.ts';

/**
 * A partition is in step while what is stored of it reaches to within so many seconds of now: workers speak every 10 s of
 * what they have learned within the 10 s before, and a quiet partition's batch may wait 10 s.
 */
export const IN_STEP_SECONDS = 30;

/** After so many seconds without a move a partition holds up nobody any more, unless a setting says otherwise. */
const HOLD_SECONDS = 900;

/**
 * Event time (epoch seconds) up to which everything that workers know of is stored; null when no partition is behind.
 * A partition is behind when something waits in it, or when nobody has spoken of it for too long to know; one that
 * has stood still for `holdSeconds` is an incident and holds up nobody. Pure.
 */
export function watermarkOf({ now, partitions }: IngestState, holdSeconds: number): number | null {
  const behind = partitions.filter(
    ({ stored_until, still_since }) =>
      now - stored_until > IN_STEP_SECONDS && now - still_since <= holdSeconds,
  );
  return behind.length === 0 ? null : Math.min(...behind.map(({ stored_until: until }) => until));
}

/** The watermark as of the workers' last words; null when it is not before `now` (epoch seconds). Throws `StoreError`. */
export async function readWatermark(
  store: Store,
  now: number,
  holdSeconds = HOLD_SECONDS,
): Promise<number | null> {
  const watermark = watermarkOf(await readIngestState(store), holdSeconds);
  return watermark === null || watermark >= now ? null : watermark;
}
