import type { Store } from '../store.ts';

/** In how many records a field was left out because nothing could be made of it. */
export interface DroppedField {
  field: string;
  records: number;
}

/** The fields left out in batches stored in the last `hours`, the most frequent first. */
export async function readDroppedFields(store: Store, hours: number): Promise<DroppedField[]> {
  return store.query<DroppedField>(
    `SELECT one.1 AS field, toUInt32(sum(one.2)) AS records
     FROM ingest_batches ARRAY JOIN arrayZip(dropped_fields, dropped_counts) AS one
     WHERE inserted_at > now64(3) - toIntervalHour({hours:UInt32}) AND notEmpty(dropped_fields)
     GROUP BY field ORDER BY records DESC, field LIMIT 30`,
    { hours },
  );
}
