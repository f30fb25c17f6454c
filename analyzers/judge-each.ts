import type { RequestClass } from '../domain/error-class.ts';
import { type CountView, orgsWith } from './count-view.ts';
import type { Finding, Identity, Known } from './detector.ts';
import { OrgCounts } from './org-counts.ts';
import type { View } from './view.ts';

/** Which organizations are judged: those with such an answer in the last `seconds`, over counts of `lookback` seconds. */
export interface Where {
  classes: readonly RequestClass[];
  seconds: number;
  lookback: number;
}

/** Judges every organization in which the kind is known or could begin at `now`, each once. */
export function judgeEach(
  counts: CountView,
  { classes, seconds, lookback }: Where,
  now: number,
  known: ReadonlyMap<string, Known>,
  judge: (identity: Identity, view: View, known: Known | null) => Finding | null,
): readonly Finding[] {
  const findings: Finding[] = [];
  const keys = new Set([...known.keys(), ...orgsWith(counts, classes, now - seconds, now)]);
  // In order of the keys: what is found does not depend on when an organization was first read.
  for (const key of [...keys].sort()) {
    const remembered = known.get(key) ?? null;
    const identity = counts.orgs.get(key) ?? remembered?.identity;
    if (identity === undefined) continue;
    const { provider, org } = identity;
    const own = counts.orgs.get(key) ?? new OrgCounts(provider, org);
    const finding = judge(identity, own.between(now - lookback, now), remembered);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}
