import { parsedJson } from '../../domain/parsed-json.ts';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { routesOf } from '../../dashboards/console/v1/api-v1.ts';
import { runRoute } from '../../dashboards/console/v1/route.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import { toRetention } from '../../domain/retention.ts';
import type { Settings } from '../../domain/settings.ts';
import { endOfData } from '../needs/end-of-data.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';

/** A request to a read-only route of `/api/v1`. `route` is the path in the table of routes: `/incidents/{id}`. */
export interface ApiRequest {
  route: string;
  path?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
}

/** Asks a route. Throws an error with one line for the user. */
export type AskApi = (question: ApiRequest) => Promise<unknown>;

/** Answers the routes in this process, from an open store. */
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

/** Longest time for an answer of the console. */
const TIMEOUT_MS = 60_000;

/**
 * Asks the console at an address. Throws a `TypeError` when nothing listens there, and a `UserError` when the console
 * answers with a problem.
 */
export function askConsole(base: string, token: string): AskApi {
  return async ({ route, path = {}, query = {} }) => {
    const url = new URL(
      `${base}/api/v1${route.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))}`,
    );
    for (const [name, value] of Object.entries(query))
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    const response = await fetch(url, {
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      // A redirect leads to a login page or another host, and neither may receive the token.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text().catch((error: unknown) => {
      throw new UserError(`${base} broke off its answer: try again`, 1, error);
    });
    const answer = parsedJson(text);
    const isObject = typeof answer === 'object' && answer !== null;
    if (response.ok && isObject) return answer;
    const isOther = response.ok || (response.status >= 300 && response.status < 400);
    throw new UserError(
      isOther
        ? `${base} answers ${response.status}, but is no console of faultline: correct console.host and console.port`
        : (detailOf(answer) ?? `${base} answers ${response.status}`),
      1,
    );
  };
}

/** The token that allows reading; empty when none is needed. */
export function readingToken({ read_token: read, token }: Settings['console']): string {
  return read === '' ? token : read;
}

/** The address of the console that these settings describe. */
export function consoleUrl({ host, port }: Pick<Settings['console'], 'host' | 'port'>): string {
  const bare = host.replace(/^\[|\]$/g, '');
  // A console that listens on all addresses can be reached on the loopback address.
  const name = bare === '0.0.0.0' || bare === '::' ? '127.0.0.1' : bare;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function detailOf(answer: unknown): string | null {
  const hasDetail = typeof answer === 'object' && answer !== null && 'detail' in answer;
  return hasDetail && typeof answer.detail === 'string' ? answer.detail : null;
}
