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
  /** 1 when a replay has counted the dead letter; otherwise 0. */
  replayed: number;
}

export interface DeadLetterFilter {
  topic: string;
  reason: string;
  /** Epoch seconds. */
  since: number;
}

/**
 * Distinguishes dead letters with the same offset: a record may hold several requests that cannot be decoded, and a
 * topic that was created again has the same offsets. The ledger row of a replay stores this digest as `last_digest`.
 */
const DIGEST = `lower(substring(hex(SHA256(concat(toString(part), ':', body))), 1, 16))`;
const COLUMNS = `topic, partition, offset, part, reason, detail, body, size, toUnixTimestamp(dead_letters.inserted_at) AS inserted_at`;
const FILTER = `({topic:String} = '' OR topic = {topic:String}) AND ({reason:String} = '' OR reason = {reason:String})
  AND dead_letters.inserted_at >= toDateTime({since:UInt32}, 'UTC')`;

/** Dead letters, newest first. In the filter, an empty text and 0 mean "all". Throws `StoreError`. */
export async function readDeadLetters(
  store: Store,
  { limit, ...filter }: DeadLetterFilter & { limit: number },
): Promise<DeadLetter[]> {
  return store.query<DeadLetter>(
    `SELECT ${COLUMNS},
       toUInt8((topic, partition, offset, ${DIGEST})
         IN (SELECT topic, partition, from_offset, last_digest FROM ingest_batches WHERE kind = 'replay')) AS replayed
     FROM dead_letters WHERE ${FILTER}
     ORDER BY dead_letters.inserted_at DESC, topic, partition, offset DESC, part DESC
     LIMIT {limit:UInt32}`,
    { ...filter, since: Math.floor(filter.since), limit },
  );
}

/** The place of a dead letter in the order in which a replay reads dead letters. */
export interface LetterPlace {
  topic: string;
  partition: number;
  offset: number;
  part: number;
  digest: string;
}
export type PlacedLetter = Omit<DeadLetter, 'replayed'> & LetterPlace;

/** The largest number of dead letters on a page, and about how many bytes their bodies may have together. */
const PAGE = 500;
const PAGE_BYTES = 32 * 1024 * 1024;

/** Partitions that have dead letters, in order, from the partition of `after` on. Throws `StoreError`. */
export async function readDeadPartitions(
  store: Store,
  filter: DeadLetterFilter,
  after: LetterPlace | null,
): Promise<{ topic: string; partition: number }[]> {
  return store.query(
    `SELECT DISTINCT topic, partition FROM dead_letters
     WHERE ${FILTER} AND (topic > {from:String} OR (topic = {from:String} AND partition >= {first:Int32}))
     ORDER BY topic, partition`,
    {
      ...filter,
      since: Math.floor(filter.since),
      from: after?.topic ?? '',
      first: after?.partition ?? -1,
    },
  );
}

/**
 * The next dead letters of one partition that no replay has counted, and the place after which the next page starts;
 * `next` is null when the partition has no more dead letters. Throws `StoreError`.
 */
export async function readOpenLetters(
  store: Store,
  { topic, partition }: { topic: string; partition: number },
  filter: DeadLetterFilter,
  after: LetterPlace | null,
): Promise<{ letters: PlacedLetter[]; next: LetterPlace | null }> {
  const place = after ?? { offset: -1, part: 0, digest: '' };
  const at = { partition, offset: place.offset, part: place.part, digest: place.digest };
  const page = await store.query<PlacedLetter>(
    `SELECT * EXCEPT before FROM (
       SELECT *, sum(length(body)) OVER (ORDER BY offset, part, digest ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
       FROM (SELECT ${COLUMNS}, ${DIGEST} AS digest FROM dead_letters
         WHERE ${FILTER} AND topic = {own:String} AND partition = {partition:Int32} AND offset >= {offset:Int64}
           AND (offset, part, digest) > ({offset:Int64}, {part:UInt32}, {digest:String})
         ORDER BY offset, part, digest LIMIT ${PAGE}))
     WHERE before < ${PAGE_BYTES} ORDER BY offset, part, digest`,
    { ...filter, since: Math.floor(filter.since), own: topic, ...at },
  );
  const last = page.at(-1);
  if (last === undefined) return { letters: [], next: null };
  const counted = await store.query<{ offset: number; digest: string }>(
    `SELECT from_offset AS offset, last_digest AS digest FROM ingest_batches
     WHERE kind = 'replay' AND topic = {topic:String} AND partition = {partition:Int32}
       AND from_offset BETWEEN {first:Int64} AND {last:Int64}`,
    { topic, partition, first: page[0]?.offset ?? 0, last: last.offset },
  );
  const known = new Set(counted.map(({ offset, digest }) => `${offset}:${digest}`));
  const { offset, part, digest } = last;
  return {
    letters: page.filter((one) => !known.has(`${one.offset}:${one.digest}`)),
    next: { topic, partition, offset, part, digest },
  };
}
