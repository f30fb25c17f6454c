import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Exception } from './exception.ts';
import { readUrlParameters, type UrlParameters } from './url-settings.ts';

/** What a request asks for, without its body. */
export interface GatewayRequest extends UrlParameters {
  /** GET and HEAD never change anything, even with the token. */
  isPost: boolean;
  /** The query in the address; empty when it is in the body. */
  query: string;
  database: string;
  /** Format of the answer when the query names none. */
  format: string;
  queryId: string;
  /** Revision of the native protocol that the client uses; 0 when it names none. */
  nativeRevision: number;
  /** True when the request carries the token. */
  mayWrite: boolean;
}

/** Reads the address and the headers. Throws `Exception` on a wrong password and on options that are not served. */
export function readRequest(
  request: IncomingMessage,
  url: URL,
  token: string,
  database: string,
): GatewayRequest {
  const { searchParams: search } = url;
  const header = (name: string): string => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  for (const name of ['compress', 'decompress']) {
    if (isOn(search.get(name)))
      throw new Exception(
        48,
        'NOT_IMPLEMENTED',
        `${name}=1 is not served: use gzip (Content-Encoding) or none`,
      );
  }
  return {
    ...readUrlParameters(search),
    isPost: request.method === 'POST',
    query: search.get('query') ?? '',
    database: (search.get('database') ?? header('x-clickhouse-database')) || database,
    format: (search.get('default_format') ?? header('x-clickhouse-format')) || 'TabSeparated',
    queryId: search.get('query_id') ?? randomUUID(),
    nativeRevision: Number(search.get('client_protocol_version') ?? 0) || 0,
    mayWrite: isAllowed(password(search, header), token),
  };
}

/**
 * Refuses requests of web pages, and requests to host names that only resolve to this machine: a browser is not a
 * client of this endpoint. Throws `Exception`.
 */
export function refuseBrowsers(request: Pick<IncomingMessage, 'headers'>): void {
  const { host = '', origin, 'sec-fetch-site': fetchSite } = request.headers;
  const name = /^(?<name>\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host)?.groups?.['name'] ?? '';
  if (!['127.0.0.1', 'localhost', '[::1]', ''].includes(name.toLowerCase()))
    throw new Exception(
      497,
      'ACCESS_DENIED',
      `host ${JSON.stringify(name)} is not served: use 127.0.0.1`,
      403,
    );
  // `none` is an address that a person typed. A page on another port of this machine is `same-site`.
  if (origin !== undefined || (fetchSite !== undefined && fetchSite !== 'none'))
    throw new Exception(497, 'ACCESS_DENIED', 'requests of web pages are not served', 403);
}

function password(search: URLSearchParams, header: (name: string) => string): string {
  const basic = /^Basic (?<value>[A-Za-z0-9+/=]+)$/i.exec(header('authorization'))?.groups?.['value'];
  if (basic !== undefined) {
    const pair = Buffer.from(basic, 'base64').toString();
    return pair.slice(pair.indexOf(':') + 1);
  }
  return search.get('password') ?? header('x-clickhouse-key');
}

/**
 * Whether a password allows writing. Without a password a client can only read; a password other than the token is
 * refused. Throws `Exception`.
 */
function isAllowed(given: string, token: string): boolean {
  if (given === '') return false;
  if (token !== '' && timingSafeEqual(digest(given), digest(token))) return true;
  const advice =
    token === '' ? 'this endpoint only reads: leave it empty' : 'give the token, or none to read';
  throw new Exception(516, 'AUTHENTICATION_FAILED', `Authentication failed: wrong password; ${advice}`);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isOn(value: string | null): boolean {
  return value === '1' || value === 'true';
}
