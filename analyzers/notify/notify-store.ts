import type { Marks } from '../../domain/attention.ts';
import { readMarks } from '../../store/queries/attention.ts';
import { readChangedIds, readIncidents } from '../../store/queries/incidents.ts';
import {
  type Delivery,
  type DeliveryFilter,
  readDeliveries,
  writeDeliveries,
} from '../../store/queries/notifications.ts';
import { type LeaseRow, readLease, writeLease } from '../../store/queries/notify-lease.ts';
import type { Store } from '../../store/store.ts';
import type { EvaluatedIncident } from './plan.ts';

/** All that the notifier needs of the store. Times are epoch seconds by the store's clock; errors are `StoreError`. */
export interface NotifyStore {
  /** Reports that a holder is there (`since` null: from now on), then reads all holders. */
  beat(holder: string, since: number | null, hasLeft: boolean): Promise<{ now: number; rows: LeaseRow[] }>;
  /** Firing incidents, and those that ended since a time. */
  present(since: number): Promise<EvaluatedIncident[]>;
  /** Reads the incidents with these ids; ids without an incident are ignored. */
  these(ids: readonly string[]): Promise<EvaluatedIncident[]>;
  /** Incidents that were written since a time and evaluated lately. */
  changed(since: number): Promise<EvaluatedIncident[]>;
  marks(): Promise<Marks>;
  deliveries(filter: DeliveryFilter): Promise<Delivery[]>;
  write(deliveries: readonly Delivery[]): Promise<void>;
}

/** Reads at most this many incidents: nobody could act on more at once. */
const MOST = 100_000;

/** Incidents that were not evaluated for this many seconds are history. Only a look at everything reads them. */
const EVALUATED_SECONDS = 2 * 86_400;

/** Implements `NotifyStore` with a real store. */
export function notifyStoreOf(store: Store): NotifyStore {
  const seen = async (filter: Parameters<typeof readIncidents>[1]): Promise<EvaluatedIncident[]> =>
    (await readIncidents(store, { ...filter, limit: MOST })).map(({ incident, version }) => ({
      incident,
      evaluated_at: version / 1000,
    }));
  return {
    async beat(holder, since, hasLeft) {
      await writeLease(store, holder, since, hasLeft);
      return readLease(store);
    },
    present: (since) => seen({ since }),
    these: (ids) => seen({ ids }),
    async changed(since) {
      const ids = await readChangedIds(store, since, since - EVALUATED_SECONDS);
      return ids.length === 0 ? [] : seen({ ids });
    },
    marks: () => readMarks(store),
    deliveries: (filter) => readDeliveries(store, filter),
    write: (deliveries) => writeDeliveries(store, deliveries),
  };
}
