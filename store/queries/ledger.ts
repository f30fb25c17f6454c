import type { Store } from '../connect.ts';

/** The newest ledger row of a partition: `to` is exclusive. */
export interface LedgerEndRow {
  topic: string;
  partition: number;
  incarnation: number;
  to: number;
  topic_id: string;
  digest: string;
}

/** The end of the ledger for each partition of a topic that it knows. Throws `StoreError`. */
export async function readLedgerEnds(store: Store, topic: string): Promise<LedgerEndRow[]> {
  return store.query<LedgerEndRow>(
    `SELECT topic, partition, incarnation, to_offset AS to, topic_id, last_digest AS digest
     FROM ingest_batches
     WHERE topic = {topic:String} AND kind IN ('batch', 'lost')
     ORDER BY incarnation DESC, to_offset DESC
     LIMIT 1 BY topic, partition`,
    { topic },
  );
}
