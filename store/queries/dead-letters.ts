import type { Store } from '../store.ts';

/** A record that could not be decoded. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: number;
  part: number;
  reason: string;
  detail: string;
  body: string;
  /** Size of the original record in bytes; larger than the body when the body was cut. */
  size: number;
  /** Epoch seconds. */
  inserted_at: number;
  /** 1 when a replay has counted it. */
  replayed: number;
}

export interface DeadLetterFilter {
  topic: string;
  reason: string;
  /** Epoch seconds. */
  since: number;
  limit: number;
  /** Only dead letters that no replay has counted. */
  open: boolean;
}

/** Dead letters, newest first. In the filter, an empty text and 0 mean "all". Throws `StoreError`. */
export async function readDeadLetters(store: Store, filter: DeadLetterFilter): Promise<DeadLetter[]> {
  return store.query<DeadLetter>(
    `SELECT topic, partition, offset, part, reason, detail, body, size, toUnixTimestamp(dead_letters.inserted_at) AS inserted_at,
       toUInt8((topic, partition, offset, lower(substring(hex(SHA256(concat(toString(part), ':', body))), 1, 16)))
         IN (SELECT topic, partition, from_offset, last_digest FROM ingest_batches WHERE kind = 'replay')) AS replayed
     FROM dead_letters
     WHERE ({topic:String} = '' OR topic = {topic:String}) AND ({reason:String} = '' OR reason = {reason:String})
       AND dead_letters.inserted_at >= toDateTime({since:UInt32}) AND ({open:UInt8} = 0 OR replayed = 0)
     ORDER BY dead_letters.inserted_at DESC, topic, partition, offset, part
     LIMIT {limit:UInt32}`,
    { ...filter, since: Math.floor(filter.since), open: filter.open ? 1 : 0 },
  );
}
