import type { PlacedLetter } from '../store/queries/dead-letters.ts';
import type { Insert } from '../store/store.ts';
import { batchInserts, type LedgerEntry } from '../store/write-batch.ts';
import { isWholeLetter } from '../domain/dead-letter.ts';
import type { RequestLog } from '../domain/request-log.ts';
import type { RecordReader } from './read-record.ts';
import { BatchRows } from './rows/batch-rows.ts';
import { dimensionSets } from './rows/dimension-sets.ts';
import { failureOf } from './rows/judged-error.ts';

const nothing = { reason: 'schema', detail: 'it holds no request' } as const;

/**
 * The result of reading a dead letter again. `readable`: its requests can be counted. `unreadable`: it stays a dead
 * letter, or holds no request. `cut`: only part of its text is stored.
 */
export type ReadLetter =
  | ReadableLetter
  | { kind: 'unreadable'; letter: PlacedLetter; rows: BatchRows }
  | { kind: 'cut'; letter: PlacedLetter };

export interface ReadableLetter {
  kind: 'readable';
  letter: PlacedLetter;
  records: readonly RequestLog[];
  rows: BatchRows;
}

/** Reads a dead letter again. A message of which only some requests can be read stays a dead letter as a whole. Pure. */
export function readLetter(letter: PlacedLetter, reader: RecordReader, now: number): ReadLetter {
  if (!isWholeLetter(letter)) return { kind: 'cut', letter };
  // The time that the source gave is not stored. Instead the time of the insert is used: it is close to that time, and
  // the same in each replay.
  const decoded = reader.decode(Buffer.from(letter.body), now, letter.inserted_at * 1000);
  const rows = new BatchRows();
  if (decoded.kind === 'ok' && decoded.records.length > 0 && (decoded.rejected ?? []).length === 0) {
    addRecords(rows, letter, decoded.records);
    for (const field of decoded.dropped ?? []) rows.drop(field);
    return { kind: 'readable', letter, records: decoded.records, rows };
  }
  if (decoded.kind === 'skip') rows.skip(decoded.reason);
  else {
    const { reason, detail } = decoded.kind === 'reject' ? decoded : (decoded.rejected?.[0] ?? nothing);
    rows.reject(reason, detail, letter.body, letter.size, letter);
  }
  return { kind: 'unreadable', letter, rows };
}

function addRecords(rows: BatchRows, letter: PlacedLetter, records: readonly RequestLog[]): void {
  const { topic, partition, offset } = letter;
  records.forEach((record, part) =>
    rows.add(record, dimensionSets.of(record), failureOf(record), { topic, partition, offset, part }),
  );
}

/**
 * The inserts that count dead letters of one partition (at least one), together under one token. Each dead letter has a
 * ledger row of its own, which shows that it is counted. Pure.
 */
export function letterInserts(read: readonly ReadableLetter[], token: string, worker: string): Insert[] {
  const all = new BatchRows();
  for (const { letter, records } of read) addRecords(all, letter, records);
  const [first, ...more] = read.map((one) => ledgerEntry(one, worker));
  if (first === undefined) throw new Error('a batch of no dead letters');
  return batchInserts(all.bodies(), first, token, more);
}

function ledgerEntry({ letter, rows }: ReadableLetter, worker: string): LedgerEntry {
  const { counted, failed, first_ts, last_ts } = rows.totals;
  return {
    topic: letter.topic,
    partition: letter.partition,
    incarnation: 0,
    kind: 'replay',
    from: letter.offset,
    to: letter.offset + 1,
    counted,
    failed,
    skipped: 0,
    dead: 0,
    holes: 0,
    extra: 0,
    first_ts,
    last_ts,
    days: rows.days(),
    dropped: rows.dropped,
    topic_id: '',
    last_digest: letter.digest,
    worker,
    detail: `was ${letter.reason}`,
    names: null,
  };
}
