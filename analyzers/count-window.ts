import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { Store } from '../store/store.ts';
import type { CountRange } from '../store/queries/count-range.ts';
import { readCountSums } from '../store/queries/count-sums.ts';
import { readActivity, readClassCounts } from '../store/queries/class-counts.ts';
import { type CountView, orgKey } from './count-view.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { type Identity, type Names, organizationOf } from './identity.ts';
import { type OrgCounts, windowDimensions } from './org-counts.ts';
import { type HistoryRange, readHistory, readRowsOf, spansByOrg } from './read-history.ts';
import type { Reads, SubjectsView } from './reads.ts';
import { type Season, Seasons } from './seasons.ts';
import { Suspects } from './suspects.ts';
import { SumWindows } from './sum-window.ts';
import { neverSucceeds, unnamedOf, WithUnnamed } from './with-unnamed.ts';
import type { Measure } from './view.ts';

/** Intervals up to this age, in seconds, are checked for growth at every step. */
const YOUNG_SECONDS = 300;
/** Older intervals are checked for growth once in this many seconds. */
const OLD_EVERY_SECONDS = 60;
/** Second of the minute at which older intervals are checked for growth. */
const OLD_AT_SECONDS = 30;
/**
 * An organization stays in memory for this many seconds after the last reason to read it. If a new reason comes in that
 * time, its history is not read again.
 */
const KEPT_SECONDS = 900;
/** An organization that did not fit into memory, in full or at all, is tried again after this time; seconds. */
const TRIED_AGAIN_SECONDS = 300;
/**
 * "Coarse" means without key, client and region. A coarse organization is read in full again only if the window is then
 * filled to at most this part. Otherwise it would soon be made coarse again.
 */
const ROOMY = 0.8;
/**
 * Estimated bytes of a row in an organization with many combinations, with the row's share of the memory of its
 * combination.
 */
const FULL_ROW_BYTES = 40;
/** The counts that one kind reads for itself may fill at most 1 / `SUMS_PART` of `analyzers.window_mib`. */
const SUMS_PART = 8;
/**
 * Longest list of organization names, in characters, that a query may hold, because the query is part of a URL. If the
 * names are longer, the query reads all organizations and the window drops those that it does not need.
 */
const MAX_NAMES_LENGTH = 4_000;

/** The next step: evaluations in `[from, to]`, epoch seconds. */
export interface StepSpan {
  from: number;
  to: number;
  /** Incidents that are not over. Their organizations are read first, and left out only when memory is full. */
  live: ReadonlyMap<string, { memory: { identity: Names } }>;
}

/** How many organizations did not fit into memory in full. */
export interface Shortage {
  /** Number of organizations that are not judged at all. */
  left_out: number;
  /** Number of organizations that are judged without key, client and region. */
  coarse: number;
}

/**
 * The recent counts in memory, kept from one tick to the next. `advance` reads only intervals that are new or that have
 * grown since they were read. An interval has grown if its number of requests has grown; reading that number costs a
 * hundredth of reading the counts. The window keeps only organizations that have an incident or enough failures for
 * one. These counts take at most `analyzers.window_mib` of memory.
 */
export class CountWindow implements CountView {
  readonly orgs = new Map<string, OrgCounts>();
  /** Organizations that are not judged, each with the event time at which reading it is tried again. */
  readonly left_out = new Map<string, number>();
  /** Coarse organizations, each with the event time at which reading in full is tried again. */
  readonly #coarseUntil = new Map<string, number>();
  readonly #suspects = new Suspects();
  readonly #sums = new SumWindows();
  readonly #seasons = new Seasons();
  readonly #withUnnamed = new WithUnnamed();
  /** Requests of each interval over all organizations, as of the last reading. */
  readonly #totals = new Map<number, number>();
  /** Event time of the last step in which the organization had a reason to be read. */
  readonly #wantedAt = new Map<string, number>();
  #to = 0;
  #present: Shortage = { left_out: 0, coarse: 0 };
  #shortage = this.#present;

  /** Returns the largest shortage since the last call. */
  takeShortage(): Shortage {
    const shortage = this.#shortage;
    this.#shortage = this.#present;
    return shortage;
  }

  /** The counts of kinds that do not use the counts per organization. */
  subjects(reads: Reads): SubjectsView {
    return this.#sums.of(reads);
  }

  with_unnamed(key: string): OrgCounts | null {
    return this.#withUnnamed.of(this.orgs, key);
  }

  /** The share of matching answers that is usual at this time of the week. */
  season(kind: IncidentKind): Season | undefined {
    return this.#seasons.of(kind);
  }

  /** Approximate size in bytes, without the counts that single kinds read for themselves. */
  get bytes(): number {
    let sum = 0;
    for (const org of this.orgs.values()) sum += org.bytes;
    return sum;
  }

  /**
   * Moves the end of the window to `span.to`. Each span must follow the one before. Throws `StoreError`; counts that
   * were read until then stay, and the same call can be made again.
   */
  async advance(
    store: Store,
    span: StepSpan,
    all: readonly Detector[],
    settings: AnalyzerSettings,
  ): Promise<void> {
    const { from, to, live } = span;
    this.#withUnnamed.clear();
    const detectors = all.filter((detector) => detector.reads === undefined);
    const start = from - Math.max(...all.map((detector) => detector.lookback(settings)));
    const reach = from - Math.max(0, ...detectors.map((detector) => detector.least(settings).seconds));
    this.#forgetBefore(start, to);
    const limit = settings.window_mib * 1024 * 1024;
    const classesBy = (measure: Measure): RequestClass[] => [
      ...new Set(detectors.flatMap(({ matching }) => (matching.measure === measure ? matching.classes : []))),
    ];
    const asked = { classes: classesBy('requests'), retried: classesBy('retries') };
    const newFrom = Math.max(reach, Math.min(this.#to, to));
    const { totals, answers } = await readActivity(store, {
      from: this.#askFrom(start, to),
      to,
      answers_from: newFrom,
      ...asked,
    });
    const changed = [...totals.keys()]
      .filter((ts) => totals.get(ts) !== this.#totals.get(ts))
      .sort((a, b) => a - b);
    this.#suspects.replace(newFrom, answers, reach);
    const grown = changed.filter((ts) => ts >= reach && ts < newFrom);
    if (grown.length > 0)
      this.#suspects.replace(
        new Set(grown),
        await readClassCounts(store, { ...rangeOf(grown), ...asked }),
        reach,
      );
    const wanted = this.#andUnnamed(this.#wanted(live, to, detectors, settings), to);
    await this.#readChanged(
      store,
      changed.filter((ts) => ts >= start),
    );
    const total = [...new Map([...this.#totals, ...totals]).values()].reduce(
      (sum, requests) => sum + requests,
      0,
    );
    const history = { from: start, to, requests: total };
    await this.#releaseCoarse(store, history, wanted, limit);
    await this.#readFresh(store, history, wanted, limit);
    const more = this.#andUnnamed(wanted, to);
    if (more.size > wanted.size) await this.#readFresh(store, history, more, limit);
    const reads = all.flatMap((detector) => detector.reads?.(settings) ?? []);
    await this.#sums.advance(store, { from, to }, reads, changed, limit / SUMS_PART);
    if (this.orgs.size > 0) await this.#seasons.advance(store, { from, to }, detectors, settings);
    for (const ts of changed) this.#totals.set(ts, totals.get(ts) ?? 0);
    this.#to = to;
    this.#noteShortage();
  }

  #noteShortage(): void {
    const { coarse, left_out: leftOut } = this.#sums.short();
    for (const [key, org] of this.orgs) if (org.isCoarse) coarse.add(key);
    for (const key of this.left_out.keys()) leftOut.add(key);
    this.#present = { left_out: leftOut.size, coarse: coarse.size };
    this.#shortage = {
      left_out: Math.max(this.#shortage.left_out, leftOut.size),
      coarse: Math.max(this.#shortage.coarse, coarse.size),
    };
  }

  #forgetBefore(start: number, to: number): void {
    for (const ts of this.#totals.keys()) if (ts < start) this.#totals.delete(ts);
    for (const [key, org] of this.orgs) {
      if ((this.#wantedAt.get(key) ?? 0) < to - KEPT_SECONDS) this.#drop(key);
      else org.dropBefore(start);
    }
    for (const [key, until] of this.left_out) if (until <= to) this.left_out.delete(key);
  }

  #askFrom(start: number, to: number): number {
    const isTime =
      Math.floor((to - OLD_AT_SECONDS) / OLD_EVERY_SECONDS) >
      Math.floor((this.#to - OLD_AT_SECONDS) / OLD_EVERY_SECONDS);
    return isTime ? start : Math.max(start, Math.min(this.#to, to) - YOUNG_SECONDS);
  }

  /** The organizations that must be read, the most important first. */
  #wanted(
    live: StepSpan['live'],
    to: number,
    detectors: readonly Detector[],
    settings: AnalyzerSettings,
  ): ReadonlyMap<string, Identity> {
    const wanted = new Map<string, Identity>();
    for (const { memory } of live.values()) {
      const org = organizationOf(memory.identity);
      if (org !== null) wanted.set(orgKey(org), org);
    }
    for (const { key, identity } of this.#suspects.find(detectors, settings)) wanted.set(key, identity);
    for (const key of wanted.keys()) this.#wantedAt.set(key, to);
    return wanted;
  }

  async #readChanged(store: Store, changed: readonly number[]): Promise<void> {
    if (changed.length === 0 || this.orgs.size === 0) return;
    const orgs = [...this.orgs.values()];
    const isLong =
      orgs.reduce((sum, org) => sum + encodeURIComponent(orgKey(org)).length, 0) > MAX_NAMES_LENGTH;
    const block = await readCountSums(store, {
      ...rangeOf(changed),
      table: 'request_counts',
      by: windowDimensions,
      more: [],
      ...(isLong ? {} : { orgs }),
    });
    const spans = spansByOrg(block);
    const intervals = new Set(changed);
    for (const [key, org] of this.orgs) {
      const span = spans.get(key);
      org.replace(intervals, block, span === undefined ? [] : [span]);
    }
  }

  async #readFresh(
    store: Store,
    range: HistoryRange,
    wanted: ReadonlyMap<string, Identity>,
    limit: number,
  ): Promise<void> {
    const isFresh = (key: string): boolean => !this.orgs.has(key) && !this.left_out.has(key);
    const fresh = [...wanted].flatMap(([key, identity]) => (isFresh(key) ? [identity] : []));
    let isFull = this.#shrink(limit, wanted, range.to);
    if (!isFull) {
      for await (const read of readHistory(store, range, fresh, limit)) {
        for (const org of read) {
          this.orgs.set(orgKey(org), org);
          if (org.isCoarse) this.#coarseUntil.set(orgKey(org), range.to + TRIED_AGAIN_SECONDS);
        }
        isFull = this.#shrink(limit, wanted, range.to);
        if (isFull) break;
      }
    }
    // The window is full. Organizations that were not tried in this step may still fit into the room that is left, so
    // the next step tries them.
    if (isFull)
      for (const org of fresh)
        if (isFresh(orgKey(org))) this.left_out.set(orgKey(org), range.to + COUNT_INTERVAL_SECONDS);
  }

  /** If an organization in the window has no success that names it, adds the requests that name no organization. */
  #andUnnamed(wanted: ReadonlyMap<string, Identity>, to: number): ReadonlyMap<string, Identity> {
    const all = new Map(wanted);
    for (const [key, identity] of wanted) {
      const org = this.orgs.get(key);
      const unnamed = unnamedOf(identity);
      const other = orgKey(unnamed);
      if (identity.org === '' || org === undefined || all.has(other) || !neverSucceeds(org)) continue;
      all.set(other, unnamed);
      this.#wantedAt.set(other, to);
    }
    return all;
  }

  /** Forgets coarse organizations that would now fit in full, so that they are read as new ones right after. */
  async #releaseCoarse(
    store: Store,
    range: HistoryRange,
    wanted: ReadonlyMap<string, Identity>,
    limit: number,
  ): Promise<void> {
    const due = [...this.#coarseUntil].flatMap(([key, until]) => (until <= range.to ? [key] : []));
    if (due.length === 0) return;
    for (const key of due) this.#coarseUntil.set(key, range.to + TRIED_AGAIN_SECONDS);
    let room = ROOMY * limit - this.bytes;
    const orgs = [...wanted].flatMap(([key, org]) => (due.includes(key) ? [org] : []));
    for (const row of await readRowsOf(store, range, orgs)) {
      const key = orgKey(row);
      const more = row.rows * FULL_ROW_BYTES - (this.orgs.get(key)?.bytes ?? 0);
      if (more > room) continue;
      room -= Math.max(0, more);
      this.orgs.delete(key);
      this.#coarseUntil.delete(key);
    }
  }

  /** Shrinks the window to `limit` bytes. Returns true if organizations had to be left out. */
  #shrink(limit: number, wanted: ReadonlyMap<string, Identity>, to: number): boolean {
    let bytes = this.bytes;
    if (bytes <= limit) return false;
    for (const [key, org] of this.orgs) {
      if (bytes <= limit) return false;
      if (wanted.has(key)) continue;
      bytes -= org.bytes;
      this.#drop(key);
    }
    for (const org of [...this.orgs.values()].sort((a, b) => b.bytes - a.bytes)) {
      if (bytes <= limit) return false;
      if (org.isCoarse) continue;
      bytes -= org.bytes;
      org.makeCoarse();
      this.#coarseUntil.set(orgKey(org), to + TRIED_AGAIN_SECONDS);
      bytes += org.bytes;
    }
    if (bytes <= limit) return false;
    const sizeOf = (key: string): number => this.orgs.get(key)?.bytes ?? 0;
    const last = [...wanted.keys()].reverse();
    // An organization that is larger than the whole limit goes first; otherwise it would push out all others and then
    // go too.
    for (const key of [...last.filter((one) => sizeOf(one) > limit), ...last]) {
      if (bytes <= limit) break;
      if (!this.orgs.has(key)) continue;
      bytes -= sizeOf(key);
      this.#drop(key);
      this.left_out.set(key, to + TRIED_AGAIN_SECONDS);
    }
    return true;
  }

  #drop(key: string): void {
    this.orgs.delete(key);
    this.#coarseUntil.delete(key);
    this.#wantedAt.delete(key);
  }
}

/** The range from the first interval to the last; it lists the intervals if others lie between them. */
function rangeOf(intervals: readonly number[]): CountRange {
  const from = intervals[0] ?? 0;
  const to = (intervals.at(-1) ?? from) + COUNT_INTERVAL_SECONDS;
  return intervals.length * COUNT_INTERVAL_SECONDS === to - from ? { from, to } : { from, to, intervals };
}
