import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../../analyzers/explain.ts';
import { createConsole } from '../../dashboards/console/server.ts';
import type { StatusAnswer } from '../../dashboards/console/live-status.ts';
import { toRetention } from '../../domain/retention.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';
import { openReader } from '../needs/open-reader.ts';
import type { TopData } from './frame.ts';

/** The API of a console, wherever it runs. */
export interface Api {
  /** For people. */
  where: string;
  /** The JSON answer of a path. Throws a one-line error. */
  get(path: string): Promise<unknown>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** The API of a console at an address. */
export function apiAt(url: string, token: string): Api {
  const base = url.replace(/\/+$/, '');
  return {
    where: base,
    async get(path) {
      const response = await fetch(`${base}${path}`, {
        headers: {
          accept: 'application/json',
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        throw new UserError(`${base} does not answer: is faultline start running there?`, 1, error);
      });
      if (!response.ok)
        throw new UserError(`${base}${path} answered ${response.status}: ${await lineOf(response)}`, 1);
      return response.json();
    },
    close: () => Promise.resolve(),
  };
}

async function lineOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const answer = JSON.parse(text) as { detail?: string; error?: { message?: string } };
    return answer.detail ?? answer.error?.message ?? '';
  } catch {
    return 'not the console of faultline';
  }
}

/** The same API over the store of the settings, in this process and without a socket. */
export async function apiOver(context: CommandContext): Promise<Api> {
  const store = await openReader(context);
  let present: number | null = null;
  const app = await createConsole({
    store,
    host: '127.0.0.1',
    port: 0,
    token: '',
    now: context.now,
    dashboards: [],
    retention: toRetention(context.settings.clickhouse.retention),
    explain,
    // Of a store that nobody fills, the newest count is the present.
    live: () => ({
      source: '',
      state: 'running',
      detail: '',
      records: 0,
      failures: 0,
      records_per_second: 0,
      progress: null,
      watermark: null,
      present,
    }),
  });
  const get = async (path: string): Promise<unknown> => {
    const answer = await app.inject({ url: path, headers: { host: '127.0.0.1' } });
    if (answer.statusCode < 400) return answer.json();
    const said = answer.json<{ detail?: string; error?: { message?: string } }>();
    throw new UserError(said.detail ?? said.error?.message ?? `${path} answered ${answer.statusCode}`, 1);
  };
  return {
    where: store.where,
    async get(path) {
      if (path === '/api/status') {
        const { newest } = (await get(path)) as StatusAnswer;
        present = newest !== null && newest < context.now() - 300_000 ? newest + 60_000 : null;
      }
      return get(path);
    },
    async close() {
      await app.close();
      await store.close();
    },
  };
}

/** The console of the settings where one runs, and the store of the settings otherwise. Throws a one-line error. */
export async function apiOfSettings(context: CommandContext): Promise<Api> {
  const { host, port, token } = context.settings.console;
  const running = apiAt(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, token);
  try {
    await running.get('/api/status');
    return running;
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.includes('does not answer')) throw error;
    return apiOver(context);
  }
}

/** What a view shows, asked anew. Throws a one-line error. */
export async function askTop(api: Api, by: string): Promise<TopData> {
  const status = (await api.get('/api/status')) as StatusAnswer;
  const [trends, open] = await Promise.all([
    api.get(`/api/v1/trends?from=now-15m&to=now&step=60&by=${by}&errors_only=true&limit=40`),
    api.get('/api/v1/incidents?state=open&limit=100'),
  ]);
  return {
    from: api.where,
    source: status.live?.source ?? '',
    present: status.present,
    trends: trends as TopData['trends'],
    incidents: (open as { incidents: TopData['incidents'] }).incidents,
  };
}

/** Waits until a signal says so or the time is over. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
