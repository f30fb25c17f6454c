import { createHash } from 'node:crypto';
import type { Store } from '../store.ts';

/** A partition whose last batches stand in the ledger and not in its sums by day. */
interface Behind {
  partition: number;
  incarnation: number;
  /** Offset up to which the sums by day reach, and the end of the ledger. */
  from: number;
  to: number;
}

/**
 * Adds the last batches of a topic's partitions to `ingest_days` where they are missing: a view is filled after its table,
 * so a process that is killed between the two leaves a batch in the ledger that the sums by day do not know. The owner of
 * a partition asks for this before it goes on, when nobody else writes to the ledger of that partition. Throws `StoreError`.
 */
export async function completeLedgerDays(store: Store, topic: string): Promise<void> {
  const behind = await store.query<Behind>(
    `SELECT b.partition AS partition, b.incarnation AS incarnation, d.end_offset AS from, b.end_offset AS to FROM (
       SELECT partition, incarnation, max(to_offset) AS end_offset FROM ingest_batches
       WHERE topic = {topic:String} AND kind IN ('batch', 'lost') AND by_day GROUP BY partition, incarnation
     ) AS b LEFT JOIN (
       SELECT partition, incarnation, max(ledger_end).1 AS end_offset FROM ingest_days
       WHERE topic = {topic:String} GROUP BY partition, incarnation
     ) AS d ON b.partition = d.partition AND b.incarnation = d.incarnation
     WHERE b.end_offset > d.end_offset ORDER BY partition, incarnation`,
    { topic },
  );
  for (const { partition, incarnation, from, to } of behind) {
    const what = JSON.stringify(['days', topic, partition, incarnation, from, to]);
    const token = createHash('sha256').update(what).digest('hex');
    await store.command(
      `INSERT INTO ingest_days
       SELECT batch.topic AS topic, batch.partition AS partition, batch.incarnation AS incarnation, part.1 AS day,
         toDate(batch.inserted_at) AS stored_on, sum(part.2) AS counted, sum(part.3) AS failed,
         max((batch.to_offset, batch.topic_id, batch.last_digest)) AS ledger_end
       FROM ingest_batches AS batch
       ARRAY JOIN if(empty(batch.days), [(toDate(batch.inserted_at), toUInt64(0), toUInt64(0))],
         arrayZip(batch.days, batch.day_counted, batch.day_failed)) AS part
       WHERE batch.by_day AND batch.kind IN ('batch', 'lost') AND batch.topic = {topic:String}
         AND batch.partition = {partition:Int32} AND batch.incarnation = {incarnation:UInt32}
         AND batch.from_offset >= {from:Int64}
       GROUP BY topic, partition, incarnation, day, stored_on ORDER BY day, stored_on
       SETTINGS insert_deduplication_token = '${token}'`,
      { topic, partition, incarnation, from },
    );
  }
}
