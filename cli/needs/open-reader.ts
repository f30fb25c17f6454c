import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../store/connect.ts';
import type { Store } from '../../store/store.ts';
import { missingMigrations } from '../../store/migrate.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';

/**
 * Opens a store that must already have its tables. It creates nothing: if something is missing, it throws a `UserError`
 * that says what.
 */
export async function openReader({ settings, err }: CommandContext): Promise<Store> {
  const { url, path, database } = settings.clickhouse;
  if (url === '' && !existsSync(path)) {
    throw new UserError(
      `there is no data directory ${path}: faultline start makes one, --data names another, --clickhouse-url asks a server`,
      1,
    );
  }
  const store = await open({ ...settings.clickhouse, notice: err });
  const problem = await missingTables(store).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  if (problem === null) return store;
  await store.close();
  const demo = join(path, 'demo');
  if (url === '' && existsSync(demo)) {
    throw new UserError(
      `data directory ${path} ${problem}; the demo keeps its counts in ${demo} until it is started again: --data ${demo} asks them`,
      1,
    );
  }
  throw new UserError(`database ${database} at ${store.where} ${problem}: run faultline migrate`, 1);
}

async function missingTables(store: Store): Promise<string | null> {
  const missing = await missingMigrations(store);
  if (missing === null) return 'has no tables of faultline';
  return missing.length === 0
    ? null
    : `is of an earlier version of faultline (it lacks ${missing.join(', ')})`;
}

async function open(options: Parameters<typeof openStore>[0]): Promise<Store> {
  try {
    return await openStore(options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'locked') {
      const [what] = error.message.split(':');
      const advice =
        'restart that one with --clickhouse-http 8123 and add --clickhouse-url http://127.0.0.1:8123 here';
      throw new UserError(`${what}: ${advice}, or stop it`, 1, error);
    }
    throw error;
  }
}
