import { createHash } from 'node:crypto';
import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/connect.ts';
import { readIncidents, type StoredIncident, writeIncidents } from '../store/queries/incidents.ts';
import { type Loss, readLosses } from '../store/queries/losses.ts';
import { isoTime } from './iso-time.ts';

/** A loss is over when it happens; its incident stays open so long, so that somebody sees it. Seconds. */
const SHOWN_SECONDS = 3_600;
const LOOK_BACK_SECONDS = 2 * SHOWN_SECONDS;

/** Opens an incident for each range of records that was lost, and closes it later. Gives what changed. Throws `StoreError`. */
export async function reportLosses(store: Store, now: number): Promise<readonly Incident[]> {
  const losses = await readLosses(store, now - LOOK_BACK_SECONDS);
  if (losses.length === 0) return [];
  const known = await readIncidents(store, { kinds: ['pipeline'], since: now - LOOK_BACK_SECONDS });
  const changed = lossIncidents(losses, new Map(known.map(({ incident }) => [incident.id, incident])), now);
  await writeIncidents(store, changed);
  return changed.map(({ incident }) => incident);
}

/** The incidents to write, given the losses and what is known of them. Pure; `now` in epoch seconds. */
export function lossIncidents(
  losses: readonly Loss[],
  known: ReadonlyMap<string, Incident>,
  now: number,
): StoredIncident[] {
  return losses.flatMap((loss) => {
    const state = now - loss.at >= SHOWN_SECONDS ? 'resolved' : 'firing';
    const incident = lossIncident(loss, state);
    return known.get(incident.id)?.state === state
      ? []
      : [{ incident, version: state === 'firing' ? 1 : 2, memory: '' }];
  });
}

function lossIncident(loss: Loss, state: 'firing' | 'resolved'): Incident {
  const { topic, partition, from, to, at } = loss;
  const id = createHash('sha256')
    .update(JSON.stringify(['lost', topic, partition, from, to]))
    .digest('hex')
    .slice(0, 16);
  const records = to - from;
  return {
    id,
    kind: 'pipeline',
    state,
    severity: 'critical',
    scope: {},
    started_at: isoTime(at),
    detected_at: isoTime(at),
    resolved_at: state === 'resolved' ? isoTime(at + SHOWN_SECONDS) : null,
    summary: `${records} records of ${topic}/${partition} were deleted in Kafka before they were read: offsets ${from} to ${to - 1}`,
    verdict: {
      party: 'pipeline',
      why: 'The log began after the offset at which the worker had to go on: retention was shorter than the time the worker was away or behind.',
    },
    evidence: { topic, partition, from_offset: from, to_offset: to, records },
    remedy: {
      steps: [
        `Raise retention.ms or retention.bytes of ${topic} above the longest time that workers may be down.`,
        'Add workers if the lag grows: faultline_lag_seconds shows it.',
        'Counts of the affected time are too low by these records; faultline reconcile lists the exact range.',
      ],
      retry: 'no',
      owner: 'faultline operator',
      docs: 'docs/guarantees.md',
    },
    sample_request_ids: [],
    related: [],
  };
}
