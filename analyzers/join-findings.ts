import { loudnessOf } from './incident-life.ts';
import type { Finding, Known } from './detector.ts';
import { identityKey, namesIdentity } from './identity.ts';

/**
 * Order in which incidents are chosen to represent the joined ones: first one that fires, then a resolved one, then a
 * pending one.
 */
const precedence: readonly (Known['state'] | undefined)[] = ['firing', 'resolved', 'pending', undefined];

/**
 * Joins incidents of different identities that have the same cause. Their cause is the same when their scopes are equal
 * and do not name the dimension in which the identities differ (a region that fails at all providers). One incident
 * then represents all and lasts as long as any of them. The others do not begin; those that people were already told of
 * stay as they are. `known` is keyed by `identityKey`. Pure.
 */
export function joinFindings(
  findings: readonly Finding[],
  known: ReadonlyMap<string, Known>,
): readonly Finding[] {
  const stateOf = ({ identity }: Finding): Known['state'] | undefined =>
    known.get(identityKey(identity))?.state;
  const groups = Map.groupBy(
    findings.filter(({ identity, scope }) => !namesIdentity(scope, identity)),
    ({ scope }) => JSON.stringify(scope),
  );
  const replaced = new Map<Finding, Finding | null>();
  for (const group of groups.values()) {
    const [first, ...others] = group.sort(
      (a, b) =>
        precedence.indexOf(stateOf(a)) - precedence.indexOf(stateOf(b)) ||
        a.started_at - b.started_at ||
        (identityKey(a.identity) < identityKey(b.identity) ? -1 : 1),
    );
    if (first === undefined || others.length === 0) continue;
    const level = group.reduce(
      (most, one) => (loudnessOf(one.level) > loudnessOf(most) ? one.level : most),
      first.level,
    );
    replaced.set(first, { ...first, level, last_at: Math.max(...group.map(({ last_at }) => last_at)) });
    for (const other of others) {
      const state = stateOf(other);
      if (state === undefined) replaced.set(other, null);
      else if (state !== 'firing') replaced.set(other, { ...other, level: 'healthy' });
    }
  }
  return findings.flatMap((finding) => replaced.get(finding) ?? (replaced.has(finding) ? [] : [finding]));
}
