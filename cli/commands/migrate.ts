import type { CommandContext } from '../context.ts';
import { openMigrated } from '../needs/open-migrated.ts';

/** Migrates the tables to the present schema, and prints where they are. */
export async function run(_options: object, context: CommandContext): Promise<number> {
  const store = await openMigrated({ ...context.settings.clickhouse, notice: context.err });
  context.err(`tables of database ${store.database} at ${store.where} are up to date`);
  await store.close();
  return 0;
}
