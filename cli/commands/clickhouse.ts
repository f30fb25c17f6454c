import { once } from 'node:events';
import { serveClickHouse } from '../../store/http-gateway.ts';
import type { CommandContext } from '../context.ts';
import { openMigrated } from '../needs/open-migrated.ts';
import { rights } from '../needs/serve-clickhouse.ts';

export interface ClickHouseOptions {
  port?: number;
}

/** Serves only the embedded engine for other processes, until a signal; prints one line on stdout when it is ready. */
export async function run({ port = 8123 }: ClickHouseOptions, context: CommandContext): Promise<number> {
  const { clickhouse } = context.settings;
  const store = await openMigrated({ ...clickhouse, url: '', notice: context.err });
  try {
    const { http_token: token, database } = clickhouse;
    const gateway = await serveClickHouse(store, { port, token, database });
    context.out(`ClickHouse at ${gateway.url}`);
    context.err(`data in ${store.where}, database ${database} ${rights(token)}`);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await gateway.close();
    return 0;
  } finally {
    await store.close();
  }
}
