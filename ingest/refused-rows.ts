import { isRetriable } from '../store/error.ts';
import type { Insert, Store } from '../store/connect.ts';
import type { Fold } from './fold.ts';

/** More refused rows than this in one batch mean that the schema is wrong, not the rows. */
const MOST_REFUSED = 100;

/**
 * Finds the rows for which the store refused an insert, by halving, and turns them into dead letters of the fold.
 * Answers false when no row, or every row, is to blame: then the table is wrong and nothing is taken out.
 * The search inserts into a Null table of the same columns and constraints, so that the batch itself still goes
 * in as one insert under its token. When the store stops answering, nothing is
 * taken out and the answer is true: the insert can be tried again.
 */
export async function excludeRefusedRows(
  store: Store,
  insert: Insert,
  fold: Fold,
  reason: unknown,
): Promise<boolean> {
  const lines = insert.body.toString().split('\n').slice(0, -1);
  const probe = `${insert.table}_probe`;
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
    await store.command(`CREATE TABLE IF NOT EXISTS ${probe} AS ${insert.table} ENGINE = Null`);
    await search(0, lines.length);
  } catch (error) {
    // Nothing is known yet: the caller's next try of the insert waits for the store and begins anew.
    return isRetriable(error);
  }
  if (
    refused.size === 0 ||
    refused.size > MOST_REFUSED ||
    (refused.size === lines.length && lines.length > 1)
  )
    return false;
  fold.refuse(refused, reason instanceof Error ? reason.message : String(reason));
  return true;
}

async function accepts(store: Store, insert: Insert): Promise<boolean> {
  try {
    await store.insert(insert);
    return true;
  } catch (error) {
    if (isRetriable(error)) throw error;
    return false;
  }
}
