import type { Scope } from '../../domain/incident.ts';
import { scopeNames } from '../../domain/notify-settings.ts';
import { suggestion } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';
import { parseWhere } from './where.ts';

/**
 * The scope in `--where dimension=value`. `advice` is the end of the error about several values. Throws `UserError`.
 */
export function parseScope(where: readonly string[] = [], advice = 'ask for one after the other'): Scope {
  const scope: Record<string, string> = {};
  for (const { dimension, values, negate } of parseWhere({ where })) {
    if (!scopeNames.some((known) => known === dimension))
      throw new UserError(`--where names ${JSON.stringify(dimension)}${suggestion(dimension, scopeNames)}`);
    const [value, ...more] = values;
    if (negate || value === undefined || value === '' || more.length > 0)
      throw new UserError(`--where ${dimension} must be one value, such as ${dimension}=acme; ${advice}`);
    scope[dimension] = value;
  }
  return scope;
}
