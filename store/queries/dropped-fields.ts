import type { Store } from '../store.ts';

/** A field that was left out because its value could not be used, and in how many records. */
export interface DroppedField {
  field: string;
  records: number;
}

/**
 * The 30 fields that were left out most often in the batches stored in the last `hours`, most frequent first. Throws
 * `StoreError`.
 */
export async function readDroppedFields(store: Store, hours: number): Promise<DroppedField[]> {
  return store.query<DroppedField>(
    `SELECT one.1 AS field, toUInt32(sum(one.2)) AS records
     FROM ingest_batches ARRAY JOIN arrayZip(dropped_fields, dropped_counts) AS one
     WHERE inserted_at > now64(3) - toIntervalHour({hours:UInt32}) AND notEmpty(dropped_fields)
     GROUP BY field ORDER BY records DESC, field LIMIT 30`,
    { hours },
  );
}
