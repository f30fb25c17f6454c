import type { Store } from '../store/store.ts';
import { deleteIncidentVersions, type StoredIncident, writeIncidents } from '../store/queries/incidents.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { judgeUpTo, type TickState, type Written } from './judge-up-to.ts';
import { lastStepOf, firstState } from './replay.ts';
import { stepSeconds } from './step-range.ts';
import { type Ticked, tickedOf } from './tick.ts';
import { toStored } from './to-stored.ts';

/** How far a history was read. Times are epoch seconds of event time. */
export interface Progress {
  /** The newest request. */
  newest: number;
  /** Oldest request that came in since the last successful tick; null: none. */
  oldest_new: number | null;
  /** True when nothing more comes. */
  has_ended: boolean;
}

/**
 * How often the state is kept, in seconds of event time, and how many states are kept. When old requests come in,
 * judging starts again from a kept state.
 */
const KEPT_EVERY_SECONDS = 3_600;
const MAX_KEPT = 500;
/**
 * Judging again is expensive. After judging again, the next one waits for this many times as long as the last one took;
 * until then, only new event time is judged. At the end of the history nothing waits.
 */
const REST_RATIO = 4;

/**
 * Judges a history while it is still being read. As long as requests come in order of time (within the settle time),
 * each moment is judged once. When an older request comes in, judging starts again from a state before that request,
 * and the incidents found since are replaced. So the final incidents are the same as in a replay of the whole history,
 * whatever the order of the lines.
 */
export class History {
  readonly #store: Store;
  readonly #settings: AnalyzerSettings;
  readonly #detectors: readonly Detector[];
  readonly #monotonic: () => number;
  #state: TickState;
  /** States that judging can go back to, oldest first. */
  #kept: TickState[];
  /**
   * Newest version of each incident that was written. It includes versions whose write failed, because the store may
   * have them.
   */
  readonly #versions = new Map<string, StoredIncident>();
  #late = Infinity;
  #restUntil = 0;
  /** How many times incidents were replaced. */
  #replaced = 0;

  /** `from`: the oldest request so far, epoch seconds. `monotonic`: a clock in milliseconds that never goes back. */
  constructor(
    store: Store,
    from: number,
    settings: AnalyzerSettings,
    detectors: readonly Detector[],
    monotonic: () => number,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#detectors = detectors;
    this.#monotonic = monotonic;
    this.#state = firstState(from, settings);
    this.#kept = [this.#state];
  }

  /** Judges what was read. Throws `StoreError`; the same call can be made again. */
  async tick(progress: Progress): Promise<Ticked> {
    const step = stepSeconds(this.#settings);
    const { oldest_new: oldest, has_ended: hasEnded } = progress;
    if (oldest !== null && oldest < this.#state.evaluated_at) this.#late = Math.min(this.#late, oldest);
    const settled = Math.floor((progress.newest - this.#settings.settle_seconds) / step) * step;
    // Nothing comes after the end, so the interval with the newest request is complete.
    const to = hasEnded
      ? lastStepOf(Math.floor(progress.newest / step) * step + step, this.#settings)
      : settled;
    if (this.#late < Infinity && (hasEnded || this.#monotonic() >= this.#restUntil))
      return this.#judgeAgain(to);
    const written: Written[] = [];
    this.#state = await judgeUpTo(
      this.#store,
      to,
      this.#settings,
      this.#state,
      this.#detectors,
      async (versions, changes) => {
        this.#remember(versions);
        await writeIncidents(this.#store, versions);
        written.push(...changes);
      },
    );
    this.#keep();
    return tickedOf(this.#state, written);
  }

  async #judgeAgain(to: number): Promise<Ticked> {
    const began = this.#monotonic();
    const before = this.#stateBefore(this.#late);
    const after = before.evaluated_at * 1000 + 1;
    const again = new Map<string, { version: StoredIncident; change: Written }>();
    const state = await judgeUpTo(
      this.#store,
      to,
      this.#settings,
      before,
      this.#detectors,
      async (versions, changes) => {
        versions.forEach((version, i) => {
          const change = changes[i];
          if (change !== undefined) again.set(version.incident.id, { version, change });
        });
      },
    );
    // Only the last version of each incident is written; nobody saw the ones in between.
    const outdated = [...this.#versions].filter(([, { version }]) => version > after).map(([id]) => id);
    const restored = [...before.live.values()]
      .filter(({ incident }) => incident.state !== 'pending' && outdated.includes(incident.id))
      .map(toStored);
    const versions = [...restored, ...[...again.values()].map(({ version }) => version)];
    this.#replaced++;
    await deleteIncidentVersions(this.#store, outdated, after);
    this.#remember(versions);
    await writeIncidents(this.#store, versions, `replaced ${this.#replaced}`);
    const present = new Set(versions.map(({ incident }) => incident.id));
    const withdrawn = outdated.filter((id) => !present.has(id));
    for (const id of withdrawn) this.#versions.delete(id);
    this.#kept = this.#kept.filter(({ evaluated_at: at }) => at <= before.evaluated_at);
    this.#state = state;
    this.#late = Infinity;
    this.#restUntil = this.#monotonic() + REST_RATIO * (this.#monotonic() - began);
    this.#keep();
    return tickedOf(
      state,
      [...again.values()].map(({ change }) => change),
      withdrawn,
    );
  }

  /** The newest kept state from before `late`. If there is none, a new empty state from before `late`. */
  #stateBefore(late: number): TickState {
    const beginning = firstState(late, this.#settings);
    const { evaluated_at: latest } = beginning;
    const kept = this.#kept.findLast(({ evaluated_at: at }) => at <= latest);
    if (kept !== undefined) return kept;
    this.#kept = [beginning];
    return beginning;
  }

  #keep(): void {
    const last = this.#kept.at(-1);
    if (last !== undefined && this.#state.evaluated_at - last.evaluated_at < KEPT_EVERY_SECONDS) return;
    // The window is not kept with the state: its counts must be read again, to include the requests that came late.
    this.#kept.push({ evaluated_at: this.#state.evaluated_at, live: this.#state.live });
    // The first state is never removed, so that judging can always start again from the beginning.
    if (this.#kept.length > MAX_KEPT) this.#kept.splice(1, 1);
  }

  #remember(versions: readonly StoredIncident[]): void {
    for (const version of versions) this.#versions.set(version.incident.id, version);
  }
}
