import { createHash } from 'node:crypto';
import { localTable } from '../store/cluster-ddl.ts';
import type { Insert, Store } from '../store/store.ts';
import { isRetriable, StoreError } from '../store/error.ts';
import type { BatchRows } from './rows/batch-rows.ts';

/** More refused rows than this in one batch mean that the schema is wrong, not the rows. */
const MOST_REFUSED = 100;

/**
 * Finds the rows because of which the store refused an insert, by bisection, and makes them dead letters. Returns false
 * when no row is refused, when all of several rows are, or when more than `MOST_REFUSED` are: then the table is wrong
 * and nothing is removed. The search inserts into a temporary Null table with the same columns and constraints, so it
 * tests the table as it is now and stores nothing; the caller still inserts the batch as a whole under its token. When
 * the store stops answering, or the Null table disappears, nothing is removed and the result is true: the caller can
 * try the insert again.
 */
export async function excludeRefusedRows(
  store: Store,
  insert: Insert,
  rows: BatchRows,
  reason: unknown,
): Promise<boolean> {
  const lines = insert.body.toString().split('\n').slice(0, -1);
  // The name follows from the token, so the next search for the same batch drops a table that a killed search has left.
  const probe = `${insert.table}_probe_${createHash('sha256').update(insert.token).digest('hex').slice(0, 12)}`;
  const refused = new Set<number>();
  const search = async (from: number, to: number): Promise<void> => {
    if (from >= to || refused.size > MOST_REFUSED) return;
    const body = Buffer.from(
      lines
        .slice(from, to)
        .map((line) => `${line}\n`)
        .join(''),
    );
    if (await accepts(store, { ...insert, table: probe, body, token: '' })) return;
    if (to - from === 1) {
      refused.add(from);
      return;
    }
    const middle = (from + to) >> 1;
    await search(from, middle);
    await search(middle, to);
  };
  try {
    await store.command(`DROP TABLE IF EXISTS ${probe}`);
    await store.command(`CREATE TABLE ${probe} AS ${localTable(store, insert.table)} ENGINE = Null`);
    await search(0, lines.length);
    await store.command(`DROP TABLE IF EXISTS ${probe}`);
  } catch (error) {
    // No row is known yet: the caller's next try of the insert waits for the store and searches again.
    return isRetriable(error) || isProbeTaken(error);
  }
  if (
    refused.size === 0 ||
    refused.size > MOST_REFUSED ||
    (refused.size === lines.length && lines.length > 1)
  )
    return false;
  rows.refuse(refused, reason instanceof Error ? reason.message : String(reason));
  return true;
}

async function accepts(store: Store, insert: Insert): Promise<boolean> {
  try {
    await store.insert(insert);
    return true;
  } catch (error) {
    if (isRetriable(error) || isProbeTaken(error)) throw error;
    return false;
  }
}

/** 57 TABLE_ALREADY_EXISTS, 60 UNKNOWN_TABLE: another worker searches the same batch. This says nothing about a row. */
function isProbeTaken(error: unknown): boolean {
  return error instanceof StoreError && (error.serverCode === 57 || error.serverCode === 60);
}
