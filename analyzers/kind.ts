import type { Level } from './advance.ts';
import type { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Incident, Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import { type CountView, orgsWith } from './count-view.ts';
import type { AnalyzerSettings, Detector, Facts, Finding, Identity, Known, Report } from './detector.ts';
import { narrowScopeBy, orgScope, reviseScope } from './narrow-scope.ts';
import { OrgCounts } from './org-counts.ts';
import { type Matching, matchingOf, type View } from './view.ts';

/** What the settings of every kind hold. */
export interface KindSettings {
  /** Matching answers without which it does not begin. */
  count: number;
  window_seconds: number;
  clear_seconds: number;
}

/** What one evaluation of an organization is given. Times are epoch seconds of event time. */
export interface Given<Settings> {
  /** The counts of the organization in `[from, now)`. */
  view: View;
  from: number;
  now: number;
  settings: Settings;
}

/** What it has found out when it remembers and reports. */
export interface Situation<Settings, Memory, Judged, Looked> extends Given<Settings> {
  known: Known | null;
  /** Remembered by the evaluation before; null: nothing, or by another version. */
  previous: Memory | null;
  judged: Judged;
  started_at: number;
  scope: Scope;
  /** What was found when it was looked whom the incident concerns; null: the scope stands and nobody looked. */
  looked: Looked | null;
  /** Sums of `previous` are those of this scope and go on; otherwise they are made anew from the start. */
  goes_on: boolean;
}

/** One kind of incident as data and pure functions. */
export interface Kind<
  Settings extends KindSettings,
  Memory extends Facts,
  Judged extends { level: Level },
  Looked extends { scope: Scope },
> {
  kind: IncidentKind;
  settings(all: AnalyzerSettings): Settings;
  matching: Matching;
  /** Seconds in which `count` matching answers must lie for an incident to begin. */
  begins_within(settings: Settings): number;
  /** Seconds of counts that it needs before an evaluation. */
  lookback(settings: Settings): number;
  level(
    given: Given<Settings> & Pick<Situation<Settings, Memory, Judged, Looked>, 'known' | 'previous'>,
  ): Judged;
  /** Start of the interval with the first answer of a breach. */
  start(given: Given<Settings>, judged: Judged): number;
  /** Whom it concerns. `since` is what came since the start, `whole` the scope of the organization. */
  look(since: View, whole: Scope): Looked;
  memory: z.ZodType<Memory>;
  remember(situation: Situation<Settings, Memory, Judged, Looked>): Memory;
  severity(remembered: Remembered<Settings, Memory, Judged>): Incident['severity'];
  report(remembered: Remembered<Settings, Memory, Judged>): Report;
}

/** What severity and report are made of. */
export interface Remembered<Settings, Memory, Judged> extends Given<Settings> {
  judged: Judged;
  started_at: number;
  scope: Scope;
  memory: Memory;
}

/** The scope that the matching answers share. */
export function sharedScope(matching: Matching): (since: View, whole: Scope) => { scope: Scope } {
  return (since, whole) => ({
    scope: { ...whole, ...narrowScopeBy(since.sums(), (row) => matchingOf(row, matching)) },
  });
}

/** The detector of a kind: who is judged, since when, for whom, and what is remembered is the same for all. */
export function detectorOf<
  Settings extends KindSettings,
  Memory extends Facts,
  Judged extends { level: Level },
  Looked extends { scope: Scope },
>(kind: Kind<Settings, Memory, Judged, Looked>): Detector {
  const { matching } = kind;
  /** What was made here need not be checked again at the next evaluation. */
  const checked = new WeakMap<Facts, Memory>();

  function recall(facts: Facts | undefined): Memory | null {
    if (facts === undefined) return null;
    const known = checked.get(facts);
    if (known !== undefined) return known;
    const read = kind.memory.safeParse(facts);
    if (!read.success) return null;
    checked.set(facts, read.data);
    return read.data;
  }

  function judge({ provider, org }: Identity, given: Given<Settings>, known: Known | null): Finding | null {
    const { view, now } = given;
    const previous = recall(known?.facts);
    const judged = kind.level({ ...given, known, previous });
    const { level } = judged;
    if (known === null && level !== 'breach') return null;
    const startedAt = known?.started_at ?? kind.start(given, judged);
    const isOpen = known === null || (known.scope_may !== 'stay' && level === 'breach');
    const looked =
      isOpen || previous === null ? kind.look(view.between(startedAt, now), orgScope(provider, org)) : null;
    const scope = isOpen && looked !== null ? reviseScope(known, looked.scope) : (known?.scope ?? {});
    const isSame = JSON.stringify(scope) === JSON.stringify(known?.scope);
    const goesOn = previous !== null && isSame && (looked === null || known?.scope_may !== 'change');
    const whole = { ...given, judged, started_at: startedAt, scope };
    const memory = kind.remember({ ...whole, known, previous, looked, goes_on: goesOn });
    checked.set(memory, memory);
    return {
      identity: { provider, org },
      level,
      started_at: startedAt,
      last_at: (view.lastMatching(matching) ?? startedAt) + COUNT_INTERVAL_SECONDS,
      scope,
      severity: kind.severity({ ...whole, memory }),
      facts: memory,
      report: () => kind.report({ ...whole, memory }),
    };
  }

  function detect(
    counts: CountView,
    all: AnalyzerSettings,
    now: number,
    known: ReadonlyMap<string, Known>,
  ): readonly Finding[] {
    const settings = kind.settings(all);
    const from = now - kind.lookback(settings);
    const since = now - kind.begins_within(settings);
    const suspects = orgsWith(counts, matching.classes, since, now, matching.measure);
    // In order of the keys: what is found does not depend on when an organization was first read.
    return [...new Set([...known.keys(), ...suspects])].sort().flatMap((key) => {
      const remembered = known.get(key) ?? null;
      const identity = counts.orgs.get(key) ?? remembered?.identity;
      if (identity === undefined) return [];
      const own = counts.orgs.get(key) ?? new OrgCounts(identity.provider, identity.org);
      const given = { view: own.between(from, now), from, now, settings };
      return judge(identity, given, remembered) ?? [];
    });
  }

  return {
    kind: kind.kind,
    matching,
    least(all) {
      const settings = kind.settings(all);
      return { count: settings.count, seconds: kind.begins_within(settings) };
    },
    lookback: (all) => kind.lookback(kind.settings(all)),
    policy(all) {
      const { clear_seconds, window_seconds } = kind.settings(all);
      const { pending_seconds, reopen_seconds } = all;
      return { pending_seconds, reopen_seconds, clear_seconds, window_seconds };
    },
    detect,
  };
}
