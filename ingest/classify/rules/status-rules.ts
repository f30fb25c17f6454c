import type { RequestClass } from '../../../domain/error-class.ts';
import { type Decision, decisionOf } from './decision.ts';

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
  // nginx writes 499 when the client closed the connection before the answer.
  499: 'other',
  504: 'timeout',
  522: 'timeout',
  524: 'timeout',
  529: 'engine_overloaded',
};

const FIRST = 400;
const decisions: readonly Decision[] = Array.from({ length: 200 }, (_, i) => {
  const known = classOfStatus[FIRST + i];
  if (known !== undefined) return decisionOf(`status.${FIRST + i}`, known);
  return i < 100 ? decisionOf('status.4xx', 'bad_request') : decisionOf('status.5xx', 'server_error');
});

/** The decision from the HTTP status alone; null below 400 and above 599. */
export function judgeStatus(status: number): Decision | null {
  return decisions[status - FIRST] ?? null;
}
