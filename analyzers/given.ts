import { type CountView, orgKey, orgsWith } from './count-view.ts';
import {
  identityKey,
  identityOf,
  type Names,
  organizationOf,
  scopeOf,
  type CountedSubjectName,
} from './identity.ts';
import type { MoreMeasure } from '../store/queries/count-measures.ts';
import { OrgCounts } from './org-counts.ts';
import { beginOf, newCounts, type Reads, type SubjectCounts, type SubjectsView } from './reads.ts';
import type { Season } from './seasons.ts';
import { type Matching, matchingOf, type View } from './view.ts';

/** The settings that every kind has. */
export interface KindSettings {
  /** False: no incident of this kind is looked for, and open ones are closed. */
  enabled: boolean;
  /** Matching answers that an incident needs to begin. */
  count: number;
  window_seconds: number;
  clear_seconds: number;
}

/** What one evaluation of an identity receives. Times are epoch seconds of event time. */
export interface Given<Settings> {
  identity: Names;
  /** The counts of the identity in `[from, now)`. */
  view: View;
  from: number;
  now: number;
  settings: Settings;
  /**
   * The counts of the last `seconds`. If the kind reads its own counts, the span begins at a whole minute or hour, so
   * it is a little longer.
   */
  last(seconds: number): View;
  /**
   * True: the logs name this organization only on failures, so requests that name no organization are counted as its
   * successes.
   */
  with_unnamed?: boolean;
  /** The usual share at this time of the week; absent: the kind does not ask for it. */
  season?: Season;
  /**
   * The other identities that this kind judges, with their counts in `[from, now)`, for comparison. Empty for kinds
   * that use the counts per organization.
   */
  peers(): readonly { identity: Names; view: View }[];
}

/** Which identities a kind judges, and what an identity needs to be judged. */
export interface Looking<Settings> {
  names: readonly CountedSubjectName[];
  matching: Matching;
  /** The settings of one identity. */
  settings_of(identity: Names): Settings;
  /** The settings in `KindSettingsFor.all`: they decide how far back matching answers are looked for. */
  settings: readonly Settings[];
  now: number;
  /** Identities that are judged even if they send nothing. */
  known: readonly Names[];
  /** An incident can begin only with answers that came within this many seconds before `now`. */
  since_seconds(settings: Settings): number;
  lookback_seconds(settings: Settings): number;
  /**
   * For kinds that read counts of their own. True: every identity that sends at least `count` requests is judged, even
   * without errors. False: only identities with a matching answer.
   */
  by_traffic: boolean;
  /**
   * For kinds that read their own counts: an identity is judged only if its requests report at least one of these
   * measures.
   */
  needs?: readonly MoreMeasure[] | undefined;
}

/**
 * Finds the identities to judge in the counts per organization: the known ones, and organizations (or their parts, if
 * these are the identities) with a matching answer. Keyed by `identityKey`.
 */
export function ofWindow<Settings extends KindSettings>(
  counts: CountView,
  looking: Looking<Settings>,
): Map<string, Given<Settings>> {
  const { names, matching, settings_of: settingsOf, now, known } = looking;
  const isWhole = names.length === 2;
  const found = new Map<string, Given<Settings>>();
  const add = (identity: Names): void => {
    const settings = settingsOf(identity);
    const from = now - looking.lookback_seconds(settings);
    const org = organizationOf(identity) ?? { provider: '', org: '' };
    const key = orgKey(org);
    const both = org.org === '' ? null : (counts.with_unnamed?.(key) ?? null);
    const own = both ?? counts.orgs.get(key) ?? new OrgCounts(org.provider, org.org);
    const whole = own.between(from, now);
    const view = isWhole ? whole : whole.within(scopeOf(identity));
    const last = (seconds: number): View => view.between(now - seconds, now);
    const unnamed = both === null ? {} : { with_unnamed: true };
    found.set(identityKey(identity), {
      identity,
      view,
      from,
      now,
      settings,
      last,
      peers: () => [],
      ...unnamed,
    });
  };
  for (const identity of known) add(identity);
  const since = now - Math.max(...looking.settings.map(looking.since_seconds));
  for (const key of orgsWith(counts, matching.classes, since, now, matching.measure)) {
    const org = counts.orgs.get(key);
    if (org === undefined) continue;
    if (isWhole) {
      if (!found.has(key)) add({ provider: org.provider, org: org.org });
      continue;
    }
    for (const row of org.between(since, now).sums()) {
      const identity = matchingOf(row, matching) === 0 ? null : identityOf(names, (column) => row[column]);
      if (identity !== null && !found.has(identityKey(identity))) add(identity);
    }
  }
  return found;
}

/** Finds the identities to judge in the counts that a kind reads for itself, as `ofWindow` does. */
export function ofReading<Settings extends KindSettings>(
  counts: CountView,
  reads: Reads,
  looking: Looking<Settings>,
): Map<string, Given<Settings>> {
  const { matching, settings_of: settingsOf, now, known, by_traffic, needs } = looking;
  const subjects: SubjectsView = counts.subjects?.(reads) ?? new Map();
  const begins = ({ identity, counts: own }: SubjectCounts): boolean => {
    const settings = settingsOf(identity);
    // Most callers do not log the limits of the provider; without a limit there is nothing to judge.
    if (needs !== undefined && !needs.some((name) => own.has(name))) return false;
    const recent = own.between(beginOf(reads, now, looking.since_seconds(settings)), now);
    if (!by_traffic) return recent.lastMatching(matching) !== null;
    return recent.total().requests >= settings.count;
  };
  const found = new Map<string, Given<Settings>>();
  const add = (key: string, { identity, counts: own }: Pick<SubjectCounts, 'identity' | 'counts'>): void => {
    const settings = settingsOf(identity);
    const from = beginOf(reads, now, looking.lookback_seconds(settings));
    const view = own.between(from, now);
    const last = (seconds: number): View => view.between(beginOf(reads, now, seconds), now);
    const peers = (): { identity: Names; view: View }[] =>
      [...subjects].flatMap(([other, one]) =>
        other === key ? [] : [{ identity: one.identity, view: one.counts.between(from, now) }],
      );
    found.set(key, { identity, view, from, now, settings, last, peers });
  };
  for (const identity of known) {
    const key = identityKey(identity);
    add(key, subjects.get(key) ?? { identity, counts: newCounts(identity) });
  }
  for (const [key, subject] of subjects) if (!found.has(key) && begins(subject)) add(key, subject);
  return found;
}
