import { StoreError } from './error.ts';
import type { QueryBounds, Store } from './store.ts';

/** ClickHouse's error number for a statement that took longer than its `max_execution_time`. */
const TIMEOUT_EXCEEDED = 159;
/** Time for the way to the engine and back, in addition to the time of the statement, ms. */
const GRACE_MS = 1_000;

/**
 * The same store with a deadline, for people who wait for answers: after `seconds` a query ends with a `StoreError` of
 * code `slow`, and the engine stops working on the query. Commands and inserts have no deadline.
 */
export function withDeadline(store: Store, seconds: number): Store {
  const inTime = async <Answer>(ask: (bounds: QueryBounds) => Promise<Answer>): Promise<Answer> => {
    const given = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => {
        late.reject(slow(store.where, seconds));
        given.abort();
      },
      seconds * 1_000 + GRACE_MS,
    );
    try {
      return await Promise.race([ask({ seconds, signal: given.signal }), late.promise]);
    } catch (error) {
      throw error instanceof StoreError && error.serverCode === TIMEOUT_EXCEEDED
        ? slow(store.where, seconds, error)
        : error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    ...store,
    query: (sql, params) => inTime((bounds) => store.query(sql, params, bounds)),
    columns: (sql, params) => inTime((bounds) => store.columns(sql, params, bounds)),
  };
}

function slow(where: string, seconds: number, cause?: unknown): StoreError {
  return new StoreError(
    'slow',
    `ClickHouse at ${where} did not answer within ${seconds} s: ask for a shorter range, see with faultline doctor what keeps it, or raise console.query_seconds`,
    0,
    cause,
  );
}
