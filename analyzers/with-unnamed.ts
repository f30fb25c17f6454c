import { type Identity, identityKey } from './identity.ts';
import { OrgCounts } from './org-counts.ts';

/**
 * Finds organizations that have no success, at a provider with successes that name no organization. These successes may
 * belong to the organization, so they are counted with it. Otherwise it would seem that all its requests fail.
 */
export class WithUnnamed {
  readonly #found = new Map<string, OrgCounts | null>();

  /** Call it when the counts have changed. */
  clear(): void {
    this.#found.clear();
  }

  /**
   * The counts of the organization together with the requests that name no organization; null if the organization has
   * successes of its own, or if every success of the provider names an organization.
   */
  of(orgs: ReadonlyMap<string, OrgCounts>, key: string): OrgCounts | null {
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const own = orgs.get(key);
    const unnamed = own === undefined ? undefined : orgs.get(identityKey(unnamedOf(own)));
    const both =
      own !== undefined && unnamed !== undefined && neverSucceeds(own) && !neverSucceeds(unnamed)
        ? OrgCounts.together(own, unnamed)
        : null;
    this.#found.set(key, both);
    return both;
  }
}

/** True if the counts of an organization hold no success. */
export function neverSucceeds(org: OrgCounts): boolean {
  return org.between(-Infinity, Infinity).last(({ class: name }) => name === 'ok') === null;
}

/** The identity of the requests to the same provider that name no organization. */
export function unnamedOf({ provider }: { provider: string }): Identity {
  return { provider, org: '' };
}
