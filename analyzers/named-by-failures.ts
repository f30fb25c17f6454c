import type { Scope } from '../domain/incident.ts';
import type { Given } from './given.ts';
import { type ScopeDimension, scopeColumns, scopeDimensions } from './narrow-scope.ts';
import type { Combination, View } from './view.ts';

/**
 * Some logs name a dimension on failures only: the name stands in the headers or the body of the error. Then whatever
 * has this name seems to fail always, and successes of the same caller stand elsewhere, without it.
 */

const isSuccess = ({ class: name }: Pick<Combination, 'class'>): boolean => name === 'ok';

/** Dimensions that some answers name but no success does, although there are successes. */
export function namedByFailures(view: View): ScopeDimension[] {
  const { combinations } = view;
  const names = (name: ScopeDimension, success: boolean): boolean =>
    combinations.some((one) => one[scopeColumns[name]] !== '' && isSuccess(one) === success);
  const onlyFailures = scopeDimensions.filter((name) => !names(name, true) && names(name, false));
  return onlyFailures.length > 0 && view.last(isSuccess) !== null ? onlyFailures : [];
}

/**
 * What is compared to find a breach and its scope: dimensions that no success names are left empty, because nothing can
 * be compared by them. Those of `scope`, which was found before, stay.
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
