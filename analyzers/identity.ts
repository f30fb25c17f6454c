import type { CountRow } from '../domain/count-row.ts';
import { type IncidentKind, subjectOf } from '../domain/incident-kind.ts';
import type { Scope } from '../domain/incident.ts';
import { scopeColumns } from './narrow-scope.ts';

/**
 * The identity of an incident, a record of its kind's own choosing: values by name. At most one incident of a kind is
 * open for each; the order of the names is part of it, because ids are made of the values in their order. Where the
 * parts of an identity can fail by causes of their own, `apart` tells the later incidents from the first (`apart.ts`).
 */
export type Names = Readonly<Record<string, string>>;

/** The identity of most kinds: a provider and an organization. */
export type Identity = Readonly<{ provider: string; org: string }>;

/** What the identity of a kind that is read from counts can be made of. */
export type SubjectName = 'provider' | 'org' | keyof typeof scopeColumns;

/** Of whom at most one incident of a kind that is read from counts is open. */
export function subjectNamesOf(kind: IncidentKind): readonly SubjectName[] {
  return subjectOf(kind).filter((name) => name !== 'topic');
}

/** One text per identity; unequal ones of a kind have unequal texts. */
export function identityKey(identity: Names): string {
  // Asked so often that a list of the values would be much of what an evaluation costs.
  let key: string | undefined;
  for (const name in identity) key = key === undefined ? identity[name] : `${key}\n${identity[name]}`;
  return key ?? '';
}

/** The organization that an identity is of; null: it is of more than one. */
export function organizationOf({ provider, org }: Names): Identity | null {
  return provider === undefined || org === undefined ? null : { provider, org };
}

/** The scope that is the same for all that an identity stands for; what the logs do not name is left out. */
export function scopeOf(identity: Names): Scope {
  return Object.fromEntries(
    Object.entries(identity).filter(([name, value]) => name !== 'apart' && value !== ''),
  );
}

/** False where a scope leaves out what the identity is told apart by: then it is of more than the identity. */
export function namesIdentity(scope: Scope, identity: Names): boolean {
  return Object.entries(identity).every(
    ([name, value]) =>
      value === '' || name in scope || !(name === 'provider' || name === 'org' || name in scopeColumns),
  );
}

type Dimensions = Pick<CountRow, 'provider' | 'org' | 'project' | 'api_key' | 'client' | 'region' | 'model'>;

/** The identity that counts belong to; null where the logs do not name it: only provider and organization may be empty. */
export function identityOf(
  names: readonly SubjectName[],
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

/** The column of counts that holds a name of an identity. */
export function columnOf(name: SubjectName): keyof Dimensions {
  return name === 'provider' || name === 'org' ? name : scopeColumns[name];
}
