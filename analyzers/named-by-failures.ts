import type { Scope } from '../domain/incident.ts';
import type { Given } from './given.ts';
import { type ScopeDimension, scopeColumns, scopeDimensions } from './narrow-scope.ts';
import type { Combination, View } from './view.ts';

/**
 * Some logs name a dimension only on failures, because the name comes from the headers or the body of the error. A
 * value of such a dimension then seems to fail always: the successes of the same caller are counted without the name.
 */

const isSuccess = ({ class: name }: Pick<Combination, 'class'>): boolean => name === 'ok';

/** Dimensions that some failures name but no success does, although there are successes. */
export function namedByFailures(view: View): ScopeDimension[] {
  const { combinations } = view;
  const names = (name: ScopeDimension, success: boolean): boolean =>
    combinations.some((one) => one[scopeColumns[name]] !== '' && isSuccess(one) === success);
  const onlyFailures = scopeDimensions.filter((name) => !names(name, true) && names(name, false));
  return onlyFailures.length > 0 && view.last(isSuccess) !== null ? onlyFailures : [];
}

/**
 * The counts by which a breach and its scope are found. Dimensions that no success names are left empty, because
 * failures and successes cannot be compared by them. Dimensions of `scope`, which was found earlier, are kept.
 */
export function comparable<S>(given: Given<S>, scope: Scope = {}): Given<S> {
  const onlyFailures = namedByFailures(given.view).filter((name) => scope[name] === undefined);
  if (onlyFailures.length === 0) return given;
  return {
    ...given,
    view: given.view.without(onlyFailures),
    last: (seconds) => given.last(seconds).without(onlyFailures),
  };
}
