import { toRetention } from '../../domain/retention.ts';
import type { Settings } from '../../domain/settings.ts';
import { openStore } from '../../store/connect.ts';
import { migrate } from '../../store/migrate.ts';
import type { Store, StoreOptions } from '../../store/store.ts';

/** Where the store is, and how long its tables keep their rows. */
type MigrateOptions = StoreOptions & Pick<Settings['clickhouse'], 'retention'>;

/** Opens the store and migrates it to the present schema and retention. */
export async function openMigrated(options: MigrateOptions): Promise<Store> {
  const store = await openStore(options);
  try {
    await migrate(store, toRetention(options.retention));
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
