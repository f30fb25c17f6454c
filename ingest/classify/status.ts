import type { RequestClass } from '../../domain/error-class.ts';

const classOfStatus: Readonly<Record<number, RequestClass>> = {
  400: 'bad_request',
  401: 'invalid_authentication',
  402: 'quota_exceeded',
  403: 'permission_denied',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  413: 'bad_request',
  415: 'bad_request',
  422: 'unprocessable',
  423: 'conflict',
  429: 'rate_limit',
  451: 'unsupported_region',
  // nginx: the client closed the request.
  499: 'other',
  504: 'timeout',
  522: 'timeout',
  524: 'timeout',
  529: 'engine_overloaded',
};

/** What an HTTP status says by itself, with the rule's id; null below 400 and above 599. */
export function judgeStatus(status: number): { rule: string; class: RequestClass } | null {
  if (status < 400 || status > 599) return null;
  const known = classOfStatus[status];
  if (known !== undefined) return { rule: `status.${status}`, class: known };
  return status < 500
    ? { rule: 'status.4xx', class: 'bad_request' }
    : { rule: 'status.5xx', class: 'server_error' };
}
