import type { CountRow } from '../domain/count-row.ts';
import { type IncidentKind, subjectOf } from '../domain/incident-kind.ts';
import type { Scope } from '../domain/incident.ts';
import { scopeColumns } from './narrow-scope.ts';

/**
 * The identity of an incident: values of dimensions by name; each kind chooses its dimensions. A kind has at most one
 * open incident for each identity. The order of the names matters, because the incident's id is made of the values in
 * this order. If parts of an identity can fail for different reasons, `apart` marks incidents that began later than the
 * first (`beside-incident.ts`).
 */
export type Names = Readonly<Record<string, string>>;

/** The identity of most kinds: a provider and an organization. */
export type Identity = Readonly<{ provider: string; org: string }>;

/** Names that an identity can have when the kind is read from counts. */
export type CountedSubjectName = 'provider' | 'org' | keyof typeof scopeColumns;

/** The names of the subject of a kind that is read from counts. */
export function subjectNamesOf(kind: IncidentKind): readonly CountedSubjectName[] {
  return subjectOf(kind).filter((name) => name !== 'topic');
}

/** One text per identity; different identities of a kind have different texts. */
export function identityKey(identity: Names): string {
  // This function runs very often, and building a list of the values would be a large part of an evaluation.
  let key: string | undefined;
  for (const name in identity) key = key === undefined ? identity[name] : `${key}\n${identity[name]}`;
  return key ?? '';
}

/** The organization of an identity; null: it covers several. */
export function organizationOf({ provider, org }: Names): Identity | null {
  return provider === undefined || org === undefined ? null : { provider, org };
}

/** The scope of everything in an identity; values that the logs do not name are left out. */
export function scopeOf(identity: Names): Scope {
  return Object.fromEntries(
    Object.entries(identity).filter(([name, value]) => name !== 'apart' && value !== ''),
  );
}

/** False when the scope does not name every dimension of the identity: the scope is then wider than the identity. */
export function namesIdentity(scope: Scope, identity: Names): boolean {
  return Object.entries(identity).every(
    ([name, value]) =>
      value === '' || name in scope || !(name === 'provider' || name === 'org' || name in scopeColumns),
  );
}

type Dimensions = Pick<CountRow, 'provider' | 'org' | 'project' | 'api_key' | 'client' | 'region' | 'model'>;

/**
 * The identity of a count row; null when the row lacks a name that the identity needs. Only provider and organization
 * may be empty.
 */
export function identityOf(
  names: readonly CountedSubjectName[],
  valueOf: (column: keyof Dimensions) => string,
): Names | null {
  const identity: Record<string, string> = {};
  for (const name of names) {
    const value = valueOf(columnOf(name));
    if (value === '' && name !== 'provider' && name !== 'org') return null;
    identity[name] = value;
  }
  return identity;
}

/** The count column for a name of an identity. */
export function columnOf(name: CountedSubjectName): keyof Dimensions {
  return name === 'provider' || name === 'org' ? name : scopeColumns[name];
}
