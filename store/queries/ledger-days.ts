import type { Store } from '../store.ts';
import type { DayCount, LedgerEntry } from '../write-batch.ts';

interface Row extends Omit<LedgerEntry, 'days' | 'dropped' | 'names' | 'from' | 'to'> {
  from_offset: number;
  to_offset: number;
  day_numbers: number[];
  day_counted: number[];
  day_failed: number[];
  dropped_fields: string[];
  dropped_counts: number[];
}

/**
 * The last batches of these partitions of a topic that are in the ledger but not in its sums by day. ClickHouse fills a
 * view after its table, so such batches exist while a process is at work between the two, and stay when it is killed
 * there. Oldest first. Throws `StoreError`.
 */
export async function readUnsummedBatches(
  store: Store,
  topic: string,
  partitions: readonly number[],
): Promise<LedgerEntry[]> {
  const rows = await store.query<Row>(
    `SELECT topic, partition, incarnation, kind, from_offset, to_offset, counted, failed, skipped, dead, holes, extra,
       toUnixTimestamp64Milli(toDateTime64(first_ts, 3)) AS first_ts, toUnixTimestamp64Milli(toDateTime64(last_ts, 3)) AS last_ts,
       arrayMap(day -> toUInt32(day), days) AS day_numbers, day_counted, day_failed,
       dropped_fields, dropped_counts, topic_id, last_digest, worker, detail
     FROM ingest_batches AS b LEFT JOIN (
       SELECT partition, incarnation, max(ledger_end).1 AS end_offset FROM ingest_days
       WHERE topic = {topic:String} GROUP BY partition, incarnation
     ) AS d ON b.partition = d.partition AND b.incarnation = d.incarnation
     WHERE b.topic = {topic:String} AND b.partition IN {partitions:Array(Int32)} AND b.kind IN ('batch', 'lost') AND b.by_day
       AND b.to_offset > d.end_offset
     ORDER BY partition, incarnation, from_offset`,
    { topic, partitions },
  );
  return rows.map(
    ({
      from_offset,
      to_offset,
      day_numbers,
      day_counted,
      day_failed,
      dropped_fields,
      dropped_counts,
      ...row
    }) => ({
      ...row,
      from: from_offset,
      to: to_offset,
      days: day_numbers.map(
        (day, i): DayCount => ({
          day,
          counted: day_counted[i] ?? 0,
          failed: day_failed[i] ?? 0,
        }),
      ),
      // The ledger row, which has the names, is stored; the sums by day have no names.
      names: null,
      dropped: new Map(dropped_fields.map((field, i) => [field, dropped_counts[i] ?? 0])),
    }),
  );
}
