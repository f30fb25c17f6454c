import type { ClickHouseClient } from '@clickhouse/client';
import type { Insert, Store, StoreOptions } from './connect.ts';
import { toStoreError } from './error.ts';

/** What differs between the embedded engine and a server. */
export interface Driver {
  read<T>(act: (client: ClickHouseClient) => Promise<T>): Promise<T>;
  insert(insert: Insert): Promise<void>;
  close(): Promise<void>;
}

/** The store over a driver: statements, rows and errors are the same for both. */
export function createStore(
  kind: Store['kind'],
  where: string,
  options: StoreOptions,
  driver: Driver,
): Store {
  return {
    kind,
    where,
    database: options.database,
    cluster: options.cluster,
    query: <Row>(sql: string, params: Record<string, unknown> = {}) =>
      attempt(where, () =>
        driver.read(async (client) => {
          const result = await client.query({ query: sql, query_params: params, format: 'JSONEachRow' });
          return result.json<Row>();
        }),
      ),
    command: (sql, params = {}) =>
      attempt(where, () =>
        driver.read(async (client) => {
          await client.command({ query: sql, query_params: params });
        }),
      ),
    insert: (insert) => attempt(where, () => driver.insert(insert)),
    close: () => driver.close(),
  };
}

/** Any error of `act` as a `StoreError` about `where`. */
export async function attempt<T>(where: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toStoreError(error, where);
  }
}
