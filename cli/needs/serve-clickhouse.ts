import type { Store } from '../../store/store.ts';
import { type Gateway, serveClickHouse } from '../../store/http-gateway.ts';
import type { CommandContext } from '../context.ts';

/**
 * Serves the store's embedded engine on the port of `--clickhouse-http` or, without the flag, of
 * `clickhouse.http_port`; null when there is no port. Throws `StoreError` naming the port when it is in use.
 */
export async function serveWhenAsked(
  store: Store,
  flag: number | undefined,
  { settings, err }: Pick<CommandContext, 'settings' | 'err'>,
): Promise<Gateway | null> {
  const { http_port: port, http_token: token, database } = settings.clickhouse;
  if (flag === undefined && port === 0) return null;
  const gateway = await serveClickHouse(store, { port: flag ?? port, token, database });
  err(`ClickHouse: ${gateway.url} ${rights(token)}`);
  return gateway;
}

/** What clients may do there, in brackets. */
export function rights(token: string): string {
  return token === ''
    ? '(read-only: set clickhouse.http_token to let clients write)'
    : '(writing needs the token as password)';
}
