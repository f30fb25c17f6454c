import { z } from 'zod';
import type { AlertRule } from '../panels/alerts.ts';
import { alerting, type FileRule, rulesFile } from './alerting.ts';
import type { BuiltFile } from './build.ts';

/** Where Grafana is. The token is sent and never shown. */
export interface GrafanaAddress {
  url: string;
  token: string;
}

/** Trouble with Grafana in one line that names the host and says what to do. */
export class GrafanaError extends Error {
  readonly code: 'unreachable' | 'unauthorized' | 'no_data_source' | 'refused';
  constructor(code: GrafanaError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GrafanaError';
    this.code = code;
  }
}

const folderUid = 'faultline';

/**
 * Sends dashboards and alert rules to a Grafana over its HTTP API and resolves with one line for each thing sent.
 * Sending again changes nothing more. Contact points and policies are not sent: the policy tree is one resource of
 * all teams. Throws `GrafanaError`.
 */
export async function push(
  grafana: GrafanaAddress,
  dashboards: readonly BuiltFile[],
  rules: readonly AlertRule[],
  docsUrl: string,
): Promise<string[]> {
  const call = caller(grafana);
  const source = await call('GET', `/api/datasources/uid/${alerting.dataSourceUid}`, undefined, [404]);
  if (source === 404) {
    throw new GrafanaError(
      'no_data_source',
      `Grafana at ${shown(grafana.url)} has no data source with uid ${alerting.dataSourceUid}, which the alert rules ask; add one of type ClickHouse with this uid (deploy/grafana/provisioning/datasources/clickhouse.yaml shows it)`,
    );
  }
  // 409 and 412: the folder is there already.
  await call('POST', '/api/folders', { uid: folderUid, title: alerting.folder }, [409, 412]);
  const sent: string[] = [];
  for (const { path, content } of dashboards) {
    await call('POST', '/api/dashboards/db', {
      dashboard: { ...content, id: null },
      folderUid,
      overwrite: true,
      message: 'faultline dashboards push',
    });
    sent.push(`dashboard ${path.replace(/^dashboards\/|\.json$/g, '')}`);
  }
  const group = `/api/v1/provisioning/folder/${folderUid}/rule-groups/${alerting.group}`;
  await call('PUT', group, ruleGroup(rules, docsUrl));
  sent.push(...rules.map(({ uid }) => `alert rule ${uid}`));
  return sent;
}

/** The rule group as the HTTP API has it: the same rules as in the file, some fields under other names. */
export function ruleGroup(rules: readonly AlertRule[], docsUrl: string): Record<string, unknown> {
  const file = rulesFile(rules, docsUrl) as { groups: { rules: FileRule[] }[] };
  return {
    title: alerting.group,
    folderUid,
    interval: alerting.intervalSeconds,
    rules: file.groups.flatMap(({ rules }) => rules).map(apiRule),
  };
}

function apiRule(rule: FileRule): Record<string, unknown> {
  const {
    keepFiringFor,
    missing_series_evals_to_resolve,
    dashboardUid: _uid,
    panelId: _panel,
    ...same
  } = rule;
  return {
    ...same,
    keep_firing_for: keepFiringFor,
    missingSeriesEvalsToResolve: missing_series_evals_to_resolve,
    folderUID: folderUid,
    ruleGroup: alerting.group,
    orgID: 1,
  };
}

type Call = (method: string, path: string, body?: unknown, allowed?: readonly number[]) => Promise<number>;

/** Resolves with the status when it is 2xx or one of the allowed ones. */
function caller({ url, token }: GrafanaAddress): Call {
  return async (method, path, body, allowed = []) => {
    const response = await send(method, url, path, token, body);
    const { status } = response;
    if (response.ok || allowed.includes(status)) {
      await response.body?.cancel();
      return status;
    }
    const where = `Grafana at ${shown(url)}`;
    if (status === 401 || status === 403) {
      const why =
        status === 401 ? 'does not accept the token' : `does not let the token do ${method} ${path}`;
      throw new GrafanaError(
        'unauthorized',
        `${where} ${why} (${status}); set grafana.token (FAULTLINE_GRAFANA_TOKEN) to a service-account token that may write dashboards, folders and alert rules`,
      );
    }
    throw new GrafanaError(
      'refused',
      `${where} answered ${status} to ${method} ${path}: ${await reason(response)}`,
    );
  };
}

async function send(
  method: string,
  url: string,
  path: string,
  token: string,
  body: unknown,
): Promise<Response> {
  try {
    return await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method,
      // A redirect leads to a login page or another host; neither may see the token.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${token}`,
      },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new GrafanaError(
      'unreachable',
      `Grafana at ${shown(url)} cannot be reached (${whyUnreachable(cause)}); check grafana.url and that it runs`,
      cause,
    );
  }
}

function whyUnreachable(cause: unknown): string {
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    if (error.name === 'TimeoutError') return 'no answer within 15 s';
  }
  return 'the request failed';
}

const refusal = z.object({ message: z.string() });

async function reason(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  if (response.status < 400) return 'a redirect; check grafana.url';
  try {
    return refusal.parse(JSON.parse(text)).message.replaceAll(/\s+/g, ' ').slice(0, 300);
  } catch {
    return response.status < 400
      ? 'a redirect; check grafana.url'
      : 'no reason given; check that this is a Grafana';
  }
}

/** The address without anything that could be a secret. */
function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null
    ? 'an address that is none'
    : `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}
