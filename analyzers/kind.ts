import type { Level } from './incident-life.ts';
import { baseOf, besideIdentity, besides, isApart, ofScope } from './beside-incident.ts';
import { closing } from './closing.ts';
import type { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { MoreMeasure } from '../store/queries/count-measures.ts';
import type { Incident, Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { CountView } from './count-view.ts';
import type { ScopeContext as Before } from './differs.ts';
import type { AnalyzerSettings, Detector, DetectorMemory, Finding, Known, Report } from './detector.ts';
import { type Given, type KindSettings, type Looking, ofReading, ofWindow } from './given.ts';
import { identityKey, type Names, scopeOf, subjectNamesOf } from './identity.ts';
import { joinFindings } from './join-findings.ts';
import { narrowScopeBy, reviseScope } from './narrow-scope.ts';
import type { Reads, SubjectsView } from './reads.ts';
import type { Season, Seasonality } from './seasons.ts';
import { settingsFor } from './settings-for.ts';
import { type Matching, matchingOf, type View } from './view.ts';
import { comparable } from './named-by-failures.ts';
import { agrees, identitiesOf, splitScope, type Weighed, weighedOf } from './weigh.ts';

export type { Given, KindSettings } from './given.ts';

/** What a kind receives when it updates its memory and writes its report. */
export interface Situation<Settings, Memory, Judged, Looked> extends Given<Settings> {
  known: Known | null;
  /** The memory after the previous evaluation; null: there is none, or another version of the program wrote it. */
  previous: Memory | null;
  judged: Judged;
  started_at: number;
  /** End of the last interval that belongs to the incident. */
  last_at: number;
  scope: Scope;
  /** What `look` found; null: `look` was not called, because the scope stays. */
  looked: Looked | null;
  /**
   * True: the sums in `previous` were made for this scope, so new answers are added to them. False: the scope is new,
   * so the sums are made again from the start.
   */
  goes_on: boolean;
}

/** One kind of incident, as data and pure functions. */
export interface Kind<
  Settings extends KindSettings,
  Memory extends DetectorMemory,
  Judged extends { level: Level },
  Looked extends { scope: Scope },
> {
  kind: IncidentKind;
  settings(all: AnalyzerSettings): Settings;
  /**
   * The counts that the kind reads instead of the counts per organization, which hold only failing organizations. A
   * kind needs its own counts if its identity does not begin with provider and organization, or if its incidents can
   * begin without any error.
   */
  reads?(settings: Settings): Omit<Reads, 'identity'>;
  /** The kind is evaluated at whole multiples of this many seconds; absent: at each step. */
  every_seconds?: number;
  /** True: parts of an identity can fail for different reasons, so several of its incidents may be open at once. */
  has_parts?: true;
  /**
   * True: incidents of several identities become one when their scopes turn out to be equal and wider than the
   * identities.
   */
  joins?: true;
  /** `traffic`: every identity with `count` requests is judged. Absent: only identities with a matching answer. */
  candidates?: 'traffic';
  /**
   * If given, a share of failures that is usual at this time of the week is no incident. Usual shares below
   * `least_share` are not read. Only for kinds that use the counts per organization.
   */
  season?(settings: Settings): { least_share: number };
  /** An identity is judged only if its requests report at least one of these measures. Absent: it needs none. */
  needs?: readonly MoreMeasure[];
  matching: Matching;
  /** Seconds within which `count` matching answers must lie for an incident to begin. */
  begins_within(settings: Settings): number;
  /** Smallest number of matching answers with which an incident can begin; absent: `count`. */
  begins_with?(settings: Settings): number;
  /**
   * How many seconds of 10-second counts before an evaluation the kind needs; absent when it reads counts for itself.
   */
  lookback?(settings: Settings): number;
  level(
    given: Given<Settings> & Pick<Situation<Settings, Memory, Judged, Looked>, 'known' | 'previous'>,
  ): Judged;
  /**
   * The numbers that `faultline why` shows; too expensive to compute in each evaluation. Absent: count and share are
   * enough.
   */
  numbers?(given: Given<Settings>): Record<string, number>;
  /** Start of the interval with the first answer of a breach. */
  start(given: Given<Settings>, judged: Judged): number;
  /**
   * Start of the last interval of an incident that began at `since`; absent: the interval of the last matching answer.
   */
  last?(given: Given<Settings>, judged: Judged, since: number): number;
  /**
   * Finds whom the incident concerns. `since`: the counts since the start. `whole`: the scope of the identity.
   * `around`: the counts before the start and those of other identities, for comparison.
   */
  look(since: View, whole: Scope, around: PeerCounts<Settings>): Looked;
  memory: z.ZodType<Memory>;
  remember(situation: Situation<Settings, Memory, Judged, Looked>): Memory;
  severity(remembered: Remembered<Settings, Memory, Judged>): Incident['severity'];
  report(remembered: Remembered<Settings, Memory, Judged>): Report;
}

/** What severity and report are made from. */
export interface Remembered<Settings, Memory, Judged> extends Given<Settings> {
  judged: Judged;
  started_at: number;
  scope: Scope;
  memory: Memory;
}

/**
 * The other identities are compared over at least this many seconds, because in the first minute of an incident a small
 * rise among them would not show.
 */
const AROUND_SECONDS = 300;

/**
 * The part of the traffic that differs is computed at each evaluation until the incident fires. After that it is
 * computed only at multiples of this many seconds, while the scope may change.
 */
const DIFFERS_SECONDS = 60;

/** What `look` compares the counts of an incident with. */
export interface PeerCounts<Settings> extends Before {
  now: number;
  settings: Settings;
  /** The other identities, with their counts since the start and before it. */
  peers(): readonly { identity: Names; view: View; before: View }[];
}

/** The scope that the matching answers share. */
export function sharedScope(matching: Matching): (since: View, whole: Scope) => { scope: Scope } {
  return (since, whole) => ({
    scope: { ...whole, ...narrowScopeBy(since.sums(), (row) => matchingOf(row, matching)) },
  });
}

/**
 * Makes the detector of a kind. The detector does what is the same for all kinds: it chooses the identities and time
 * spans to judge, finds the scope, and keeps the memory.
 */
export function detectorOf<
  Settings extends KindSettings,
  Memory extends DetectorMemory,
  Judged extends { level: Level },
  Looked extends { scope: Scope },
>(kind: Kind<Settings, Memory, Judged, Looked>): Detector {
  const { matching, season: seasonOf } = kind;
  const names = subjectNamesOf(kind.kind);
  const readsOf = kind.reads;
  if (
    readsOf === undefined &&
    (names[0] !== 'provider' || names[1] !== 'org' || kind.candidates === 'traffic')
  )
    throw new Error(`${kind.kind} must say what it reads: the window holds failing organizations only`);
  /**
   * Memory that this process has already checked against the schema, so that it is not checked again at each
   * evaluation.
   */
  const checked = new WeakMap<DetectorMemory, Memory>();

  function recall(facts: DetectorMemory | undefined): Memory | null {
    if (facts === undefined) return null;
    const known = checked.get(facts);
    if (known !== undefined) return known;
    const read = kind.memory.safeParse(facts);
    if (!read.success) return null;
    checked.set(facts, read.data);
    return read.data;
  }

  function endOf(given: Given<Settings>, judged: Judged, startedAt: number): number {
    if (kind.last === undefined)
      return (given.view.lastMatching(matching) ?? startedAt) + COUNT_INTERVAL_SECONDS;
    // Matching answers that come while the level is neither breach nor lingering do not belong to the incident.
    const isThere = judged.level === 'breach' || judged.level === 'lingering';
    return isThere ? kind.last(given, judged, startedAt) + COUNT_INTERVAL_SECONDS : startedAt;
  }

  function judge(given: Given<Settings>, known: Known | null): Finding | null {
    const { identity, now, season } = given;
    const previous = recall(known?.facts);
    const fair = comparable(given, known?.scope);
    const judged = kind.level({ ...fair, known, previous });
    const { level } = judged;
    if (known === null && level !== 'breach') return null;
    const startedAt = known?.started_at ?? kind.start(fair, judged);
    const isOpen = known === null || (known.scope_may !== 'stay' && level === 'breach');
    const looked =
      isOpen || previous === null
        ? kind.look(fair.view.between(startedAt, now), scopeOf(identity), {
            now,
            settings: given.settings,
            before: () => fair.view.between(given.from, startedAt),
            known: known?.scope ?? null,
            is_told: known !== null && known.scope_may !== 'change',
            season: season === undefined ? undefined : (of) => season(of, { from: startedAt, to: now }),
            is_due: known === null || known.state === 'pending' || now % DIFFERS_SECONDS === 0,
            peers: () =>
              given.peers().map(({ identity: other, view: all }) => {
                const from = Math.min(startedAt, now - AROUND_SECONDS);
                return {
                  identity: other,
                  view: all.between(from, now),
                  before: all.between(given.from, from),
                };
              }),
          })
        : null;
    const scope = isOpen && looked !== null ? reviseScope(known, looked.scope) : (known?.scope ?? {});
    const isSame = scope === known?.scope || JSON.stringify(scope) === JSON.stringify(known?.scope);
    const goesOn = previous !== null && isSame && (looked === null || known?.scope_may !== 'change');
    const lastAt = endOf(fair, judged, startedAt);
    const whole = { ...given, judged, started_at: startedAt, last_at: lastAt, scope };
    const memory = kind.remember({ ...whole, known, previous, looked, goes_on: goesOn });
    checked.set(memory, memory);
    return {
      identity,
      level,
      started_at: startedAt,
      last_at: lastAt,
      scope,
      severity: kind.severity({ ...whole, memory }),
      facts: memory,
      report: () => sayUnnamed(kind.report({ ...whole, memory }), given),
    };
  }

  /** Judges all known incidents of an identity, and a further one that may begin in the rest of its traffic. */
  function judgeFamily(given: Given<Settings>, family: readonly Known[]): Finding[] {
    const [first, ...others] = family;
    if (first === undefined) return asList(judge(given, null));
    const isAlone = others.length === 0;
    const beside = kind.has_parts === true ? judgeBeside(given, family) : null;
    // After a restart, past times are evaluated again, but only to find incidents that are not known yet.
    if (kind.joins !== true && family.every((known) => known.evaluated_at >= given.now))
      return asList(beside);
    if (isAlone && beside === null) return asList(judge({ ...given, identity: first.identity }, first));
    const own = family.flatMap((known) =>
      asList(judge({ ...ofScope(given, known, family), identity: known.identity }, known)),
    );
    return [...own, ...asList(beside)];
  }

  function judgeBeside(given: Given<Settings>, family: readonly Known[]): Finding | null {
    const besideAll = besides(given, family);
    const [first, ...others] = family;
    if (besideAll === null || first === undefined) return null;
    const rest = comparable(besideAll);
    const { settings } = rest;
    if (rest.last(kind.begins_within(settings)).lastMatching(matching) === null) return null;
    const judged = kind.level({ ...rest, known: null, previous: null });
    if (judged.level !== 'breach') return null;
    const startedAt = kind.start(rest, judged);
    if (others.length === 0 && !isApart(rest, first, startedAt, matching)) return null;
    return judge({ ...besideAll, identity: besideIdentity(given.identity, startedAt) }, null);
  }

  /** What is read for all identities together; null: nothing, because no identity is judged. */
  function readsFor(all: AnalyzerSettings): Reads | null {
    if (readsOf === undefined) return null;
    const variants = enabledOf(all).map(readsOf);
    const [first] = variants;
    if (first === undefined) return null;
    const most = (name: 'fine' | 'minutes' | 'hours'): number =>
      Math.max(...variants.map(({ [name]: seconds = 0 }) => seconds));
    const { minutes, hours } = { minutes: most('minutes'), hours: most('hours') };
    return {
      identity: names,
      ...first,
      fine: most('fine'),
      ...(minutes === 0 ? {} : { minutes }),
      ...(hours === 0 ? {} : { hours }),
    };
  }

  function enabledOf(all: AnalyzerSettings): Settings[] {
    return settingsFor(all, kind.kind, kind.settings(all)).all.filter(({ enabled }) => enabled);
  }

  /** The input for judging each identity; the identities in `bases` are judged whatever they send. */
  function givenOf(
    counts: CountView,
    all: AnalyzerSettings,
    now: number,
    bases: readonly Names[],
  ): {
    given: Map<string, Given<Settings>>;
    season?: Season | undefined;
    subjects?: SubjectsView | undefined;
  } {
    const { of: settingsOf, all: variants } = settingsFor(all, kind.kind, kind.settings(all));
    const own = readsFor(all);
    const looksAt: Looking<Settings> = {
      names,
      matching,
      settings: variants,
      settings_of: settingsOf,
      now,
      known: bases,
      since_seconds: (settings) => kind.begins_within(settings),
      lookback_seconds: (settings) =>
        readsOf === undefined ? (kind.lookback?.(settings) ?? 0) : longestOf(readsOf(settings)),
      by_traffic: kind.candidates === 'traffic',
      needs: kind.needs,
    };
    return {
      given: own === null ? ofWindow(counts, looksAt) : ofReading(counts, own, looksAt),
      season: kind.season === undefined ? undefined : counts.season?.(kind.kind),
      subjects: own === null ? undefined : counts.subjects?.(own),
    };
  }

  function weigh(
    counts: CountView,
    all: AnalyzerSettings,
    now: number,
    { scope, known }: { scope: Scope; known: ReadonlyMap<string, Known> },
  ): readonly Weighed[] {
    const own = readsFor(all);
    const bases = (
      own === null
        ? identitiesOf(counts, names)
        : [...(counts.subjects?.(own).values() ?? [])].map((one) => one.identity)
    ).filter((identity) => agrees(identity, scope));
    const asked = splitScope(scope, names, own);
    const { given, season } = givenOf(counts, all, now, bases);
    return bases.flatMap((identity): Weighed[] => {
      const whole = given.get(identityKey(identity));
      if (whole === undefined) return [];
      const view = whole.view.within(asked.scope);
      const part: Given<Settings> = {
        ...whole,
        view,
        last: (seconds) => whole.last(seconds).within(asked.scope),
        ...(season === undefined ? {} : { season }),
      };
      const one = known.get(identityKey(identity)) ?? null;
      const judged = kind.level({
        ...comparable(part, { ...one?.scope, ...asked.scope }),
        known: one,
        previous: recall(one?.facts),
      });
      return [
        weighedOf(part, asked, judged, {
          matching,
          needs: kind.needs,
          by_traffic: kind.candidates === 'traffic',
          numbers: kind.numbers?.(part),
        }),
      ];
    });
  }

  function detect(
    counts: CountView,
    all: AnalyzerSettings,
    now: number,
    known: ReadonlyMap<string, Known>,
  ): readonly Finding[] {
    if (kind.every_seconds !== undefined && now % kind.every_seconds !== 0) return [];
    if (known.size === 0 && enabledOf(all).length === 0) return [];
    const families = Map.groupBy(known.values(), ({ identity }) => identityKey(baseOf(identity)));
    const bases = [...families.values()].flatMap(([first]) =>
      first === undefined ? [] : [baseOf(first.identity)],
    );
    const { given, season, subjects } = givenOf(counts, all, now, bases);
    const judged: (readonly [string, readonly Finding[]])[] = [];
    for (const [key, one] of given) {
      const family = families.get(key) ?? [];
      const findings = one.settings.enabled
        ? judgeFamily(season === undefined ? one : { ...one, season }, family)
        : family.map(closing);
      if (findings.length === 0) continue;
      const summedUp = (one.settings.enabled ? subjects?.get(key)?.summed_up : undefined) ?? [];
      judged.push([
        key,
        summedUp.length > 0 ? findings.map((finding) => ({ ...finding, summed_up: summedUp })) : findings,
      ]);
    }
    // Sorted by key, so that the result does not depend on the order in which identities were first read.
    const found = judged.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, findings]) => findings);
    return kind.joins === true ? joinFindings(found, known) : found;
  }

  return {
    kind: kind.kind,
    matching,
    least(all) {
      const variants = enabledOf(all);
      return {
        count: Math.min(...variants.map((settings) => kind.begins_with?.(settings) ?? settings.count)),
        seconds: Math.max(0, ...variants.map((settings) => kind.begins_within(settings))),
      };
    },
    lookback(all) {
      const own = readsFor(all);
      if (own !== null) return own.fine;
      return Math.max(0, ...enabledOf(all).map((settings) => kind.lookback?.(settings) ?? 0));
    },
    ...(readsOf === undefined ? {} : { reads: readsFor }),
    ...(seasonOf === undefined
      ? {}
      : {
          season(all: AnalyzerSettings): Seasonality | null {
            const shares = enabledOf(all).map((settings) => seasonOf(settings).least_share);
            return shares.length === 0
              ? null
              : { classes: matching.classes, least_share: Math.min(...shares) };
          },
        }),
    policy(all, identity) {
      const settings = settingsFor(all, kind.kind, kind.settings(all)).of(baseOf(identity));
      const { clear_seconds, window_seconds } = settings;
      const { pending_seconds, reopen_seconds } = all;
      return { pending_seconds, reopen_seconds, clear_seconds, window_seconds };
    },
    ...(kind.every_seconds === undefined ? {} : { every_seconds: kind.every_seconds }),
    detect,
    weigh,
  };
}

function longestOf({ fine, minutes = 0, hours = 0 }: Omit<Reads, 'identity'>): number {
  return Math.max(fine, minutes, hours);
}

function asList<T>(value: T | null): T[] {
  return value === null ? [] : [value];
}

/** Adds to the report that its shares include requests that name no organization, if they do. */
function sayUnnamed(report: Report, { with_unnamed: isWith }: { with_unnamed?: boolean }): Report {
  if (isWith !== true) return report;
  const why = `${report.verdict.why} No success names this organization, so successes without an organization are counted as its own.`;
  return {
    ...report,
    verdict: { ...report.verdict, why },
    evidence: { ...report.evidence, unnamed_successes_counted: true },
  };
}
