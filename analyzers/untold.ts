import type { Scope } from '../domain/incident.ts';
import { orgKey } from './count-view.ts';
import type { Given } from './given.ts';
import { type ScopeDimension, scopeColumns, scopeDimensions } from './narrow-scope.ts';
import { OrgCounts } from './org-counts.ts';
import type { Combination, View } from './view.ts';

/**
 * Some logs name a dimension on failures only: the name stands in the headers or the body of the error. Then whatever
 * has this name seems to fail always, and successes of the same caller stand elsewhere, without it.
 */

const isSuccess = ({ class: name }: Pick<Combination, 'class'>): boolean => name === 'ok';

/** Dimensions that some answers name but no success does, although there are successes. */
export function untoldOf(view: View): ScopeDimension[] {
  const { combinations } = view;
  const names = (name: ScopeDimension, success: boolean): boolean =>
    combinations.some((one) => one[scopeColumns[name]] !== '' && isSuccess(one) === success);
  const untold = scopeDimensions.filter((name) => !names(name, true) && names(name, false));
  return untold.length > 0 && view.last(isSuccess) !== null ? untold : [];
}

/**
 * What is compared to find a breach and its scope: dimensions that no success names are left empty, because nothing can
 * be compared by them. Those of `scope`, which was found before, stay.
 */
export function comparable<S>(given: Given<S>, scope: Scope = {}): Given<S> {
  const untold = untoldOf(given.view).filter((name) => scope[name] === undefined);
  if (untold.length === 0) return given;
  return {
    ...given,
    view: given.view.without(untold),
    last: (seconds) => given.last(seconds).without(untold),
  };
}

/**
 * Organizations that never succeed beside successes that name no organization. Those may be theirs, so they are counted
 * with them: otherwise the organization would seem to fail always.
 */
export class WithUnnamed {
  readonly #found = new Map<string, OrgCounts | null>();

  /** Call it when the counts have changed. */
  clear(): void {
    this.#found.clear();
  }

  /** The counts of the organization and of the unnamed one together; null: it succeeds itself, or no other does. */
  of(orgs: ReadonlyMap<string, OrgCounts>, key: string): OrgCounts | null {
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const own = orgs.get(key);
    const unnamed = own === undefined ? undefined : orgs.get(orgKey(unnamedOf(own)));
    const both =
      own !== undefined && unnamed !== undefined && neverSucceeds(own) && !neverSucceeds(unnamed)
        ? OrgCounts.together(own, unnamed)
        : null;
    this.#found.set(key, both);
    return both;
  }
}

/** True for a named organization without any success in its counts. */
export function neverSucceeds(org: OrgCounts): boolean {
  return org.between(-Infinity, Infinity).last(isSuccess) === null;
}

/** The name of what has no organization at the same provider. */
export function unnamedOf({ provider }: { provider: string }): { provider: string; org: string } {
  return { provider, org: '' };
}
