import type { Forgetting, ForgettingTable } from '../store/retention.ts';
import type { Horizon, Horizons } from '../store/queries/reconcile.ts';

const HOUR = 3_600;
const DAY = 86_400;

/**
 * The time from which each table certainly holds all its rows. ClickHouse drops whole parts, and drops them late, so a
 * table may hold older rows too, but never lacks newer ones. The ledger row of a batch is stored last, and after a
 * crash it may be stored long after the other rows. So the horizon for the time when a batch was stored (`stored`) is
 * later than that for the time of the events (`event`): by a quarter of the retention, and at least by a day. Pure;
 * `now` is the store's clock, epoch seconds.
 */
export function horizonsOf(tables: readonly Forgetting[], now: number): Horizons {
  const of = (name: ForgettingTable): Horizon => {
    const table = tables.find((one) => one.table === name);
    if (table === undefined) throw new Error(`${name} is not among the tables that forget`);
    // One hour more, because a part may be dropped while the tables are read.
    const kept = table.days === null ? 0 : now - table.days * DAY + HOUR;
    const event = Math.max(0, kept, table.gone_before);
    const margin = Math.max(DAY, ((table.days ?? 0) * DAY) / 4);
    return { event, stored: event === 0 ? 0 : event + margin };
  };
  return {
    request_counts: of('request_counts'),
    request_counts_1m: of('request_counts_1m'),
    request_counts_1h: of('request_counts_1h'),
    error_events: of('error_events'),
    dead_letters: of('dead_letters'),
    incidents: of('incidents'),
    notifications: of('notifications'),
    ingest_batches: of('ingest_batches'),
    ingest_days: of('ingest_days'),
  };
}
