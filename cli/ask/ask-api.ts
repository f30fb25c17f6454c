import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { routesOf } from '../../dashboards/console/v1/api-v1.ts';
import { runRoute } from '../../dashboards/console/v1/route.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import { toRetention } from '../../domain/retention.ts';
import type { Settings } from '../../domain/settings.ts';
import { endOfData } from '../needs/present.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';

/** A question to a route of `/api/v1` that only reads, by its path as the table of routes has it: `/incidents/{id}`. */
export interface Question {
  route: string;
  path?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
}

/** The answer of a route. Throws an error with one line for the reader. */
export type AskApi = (question: Question) => Promise<unknown>;

/** Asks the routes here, over an open store. */
export async function askStore(
  store: Store,
  { settings, now }: Pick<CommandContext, 'settings' | 'now'>,
): Promise<AskApi> {
  const end = await endOfData(store);
  const retention = toRetention(settings.clickhouse.retention);
  const present = (): number => Math.min(end, now());
  const routes = routesOf({ store, now, present, retention, explain, timeline: timelineOf, dashboards });
  return async ({ route, path = {}, query = {} }) => {
    const found = routes.find((one) => one.method === 'GET' && one.path === route);
    if (found === undefined) throw new Error(`there is no route ${route}`);
    return runRoute(found, { path, query });
  };
}

/** So long an answer of the console may take. */
const TIMEOUT_MS = 60_000;

/** Asks a console at an address. Throws a `TypeError` where none listens, and a `UserError` for its problems. */
export function askConsole(base: string, token: string): AskApi {
  return async ({ route, path = {}, query = {} }) => {
    const url = new URL(
      `${base}/api/v1${route.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))}`,
    );
    for (const [name, value] of Object.entries(query))
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    const response = await fetch(url, {
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer;
    throw new UserError(detailOf(answer) ?? `${base} answers ${response.status}`, 1);
  };
}

/** The token of these settings that reads; empty: none is needed. */
export function readingToken({ read_token: read, token }: Settings['console']): string {
  return read === '' ? token : read;
}

/** Where the console of these settings is. */
export function consoleUrl({ host, port }: Pick<Settings['console'], 'host' | 'port'>): string {
  const bare = host.replace(/^\[|\]$/g, '');
  // Who listens everywhere listens here.
  const name = bare === '0.0.0.0' || bare === '::' ? '127.0.0.1' : bare;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function detailOf(answer: unknown): string | null {
  const hasDetail = typeof answer === 'object' && answer !== null && 'detail' in answer;
  return hasDetail && typeof answer.detail === 'string' ? answer.detail : null;
}
