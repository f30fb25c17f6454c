import type { ErrorClass } from '../../domain/error-class.ts';
import type { Caller } from '../caller.ts';
import { accountFailures } from './account.ts';
import type { SimulatedFailure } from './failure.ts';
import { gatewayFailures } from './gateway.ts';
import { neighbourFailures } from './neighbours.ts';
import { providerFailures } from './provider.ts';
import { requestFailures } from './request.ts';
import { trafficFailures } from './traffic.ts';
import { transportFailures } from './transport.ts';

/** All failures that the simulator knows, each with its true class. */
export const catalogue: readonly SimulatedFailure[] = [
  ...trafficFailures,
  ...accountFailures,
  ...requestFailures,
  ...providerFailures,
  ...transportFailures,
  ...neighbourFailures,
  ...gatewayFailures,
];

/**
 * The failures of this class that this caller can have. With `ids`, only the failures with these ids; without, all but
 * those that an event must name (`by_id`). Empty when the caller's provider has no such failure.
 */
export function failuresOf(
  caller: Caller,
  cls: ErrorClass,
  ids?: readonly string[],
): readonly SimulatedFailure[] {
  return catalogue.filter(
    (row) =>
      row.class === cls &&
      (row.provider === caller.provider || row.provider === 'any') &&
      (ids === undefined ? row.by_id !== true : ids.includes(row.id)) &&
      fits(row, caller),
  );
}

/**
 * False for a failure that this caller's SDK cannot log: a Python program logs no exceptions of Node, a Node program
 * none of Python, and only OpenAI's SDKs raise `openai.` exceptions.
 */
function fits(row: SimulatedFailure, caller: Caller): boolean {
  if (row.exception === '') return true;
  if (row.exception.startsWith('openai.') && caller.provider !== 'openai' && caller.provider !== 'azure')
    return false;
  const python = /^(openai|httpx)\./.test(row.exception);
  return caller.sdk === 'http' || python === (caller.sdk === 'python');
}
