import { z } from 'zod';
import { parsedJson } from '../../domain/parsed-json.ts';

/** Address and token of a Grafana. The token is sent and never shown. */
export interface GrafanaAddress {
  url: string;
  token: string;
}

/** An error of Grafana. Its message is one line that names the host and says what to do. */
export class GrafanaError extends Error {
  readonly code: 'unreachable' | 'unauthorized' | 'no_data_source' | 'not_ours' | 'conflict' | 'refused';
  constructor(code: GrafanaError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GrafanaError';
    this.code = code;
  }
}

/** An answer of Grafana. `body` is undefined for an answer without content, and for a refusal that is not JSON. */
export interface GrafanaAnswer {
  status: number;
  body: unknown;
}

/** Sends a request to Grafana; resolves when the status is 2xx or one of the allowed ones. Throws `GrafanaError`. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  allowed?: readonly number[],
) => Promise<GrafanaAnswer>;

/** A client for one Grafana. */
export function caller({ url, token }: GrafanaAddress): Call {
  return async (method, path, body, allowed = []) => {
    const response = await send(method, url, path, token, body);
    const { status } = response;
    const where = `Grafana at ${shown(url)}`;
    if (response.ok) {
      const body = parsedJson(await content(response, url));
      // A login page or a proxy also answers with 200, but then nothing was saved.
      if (body === undefined && status !== 204 && method !== 'DELETE')
        throw new GrafanaError(
          'refused',
          `${where} answered ${status} to ${method} ${path} with something else than JSON; check that grafana.url leads to Grafana itself, not to a login page or a proxy`,
        );
      return { status, body };
    }
    if (allowed.includes(status)) return { status, body: parsedJson(await content(response, url)) };
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
      // A redirect leads to a login page or another host; neither may get the token.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

async function content(response: Response, url: string): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

function unreachable(url: string, cause: unknown): GrafanaError {
  return new GrafanaError(
    'unreachable',
    `Grafana at ${shown(url)} cannot be reached (${whyUnreachable(cause)}); check grafana.url and that it runs`,
    cause,
  );
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
  const found = refusal.safeParse(parsedJson(text)).data;
  if (found === undefined) return 'no reason given; check that this is a Grafana';
  return found.message.replaceAll(/\s+/g, ' ').slice(0, 300);
}

/** The address without anything that could be a secret. */
export function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'an invalid address' : `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}
