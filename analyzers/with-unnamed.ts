import { type Identity, identityKey } from './identity.ts';
import { OrgCounts } from './org-counts.ts';

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
    const unnamed = own === undefined ? undefined : orgs.get(identityKey(unnamedOf(own)));
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
  return org.between(-Infinity, Infinity).last(({ class: name }) => name === 'ok') === null;
}

/** The name of what has no organization at the same provider. */
export function unnamedOf({ provider }: { provider: string }): Identity {
  return { provider, org: '' };
}
