import type { Settings } from '../../domain/settings.ts';
import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/error.ts';

/** A store that may not be open yet. It may be closed twice. */
export interface StoreToCome extends Store {
  /** Sends all requests to this store from now on, and returns it. */
  arrive(store: Store): Store;
}

/** A store that others can use before it is open: until then, every request fails with an error. */
export function storeToCome(clickhouse: Settings['clickhouse']): StoreToCome {
  const where = clickhouse.url === '' ? clickhouse.path : clickhouse.url;
  let store: Store | null = null;
  const ask = async <T>(act: (store: Store) => Promise<T>): Promise<T> => {
    if (store === null) throw new StoreError('unreachable', `ClickHouse at ${where} is not there yet`);
    return act(store);
  };
  return {
    kind: clickhouse.url === '' ? 'embedded' : 'server',
    database: clickhouse.database,
    cluster: clickhouse.cluster,
    where,
    query: (sql, params, bounds) => ask((there) => there.query(sql, params, bounds)),
    columns: (sql, params, bounds) => ask((there) => there.columns(sql, params, bounds)),
    command: (sql, params) => ask((there) => there.command(sql, params)),
    insert: (insert) => ask((there) => there.insert(insert)),
    async close() {
      const opened = store;
      store = null;
      await opened?.close();
    },
    arrive(arrived) {
      store = arrived;
      return arrived;
    },
  };
}
