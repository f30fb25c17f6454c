import type { Store } from '../store/store.ts';
import { isRetriable } from '../store/error.ts';
import { noteSettings } from '../store/queries/incident-versions.ts';
import type { AnalyzerSettings } from './detector.ts';
import { detectors } from './kinds/kinds.ts';
import { closeHistory } from './end-of-history.ts';
import { History } from './history.ts';
import { tick, type Ticked, type TickState } from './tick.ts';

/** What the analyzers need from outside. Times are epoch seconds. */
export interface AnalyzerContext {
  store: Store;
  settings: AnalyzerSettings;
  /** The present time of the clock. */
  now(): number;
  /** Resolves after this many milliseconds, or earlier when the signal stops. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** The watermark; null when ingest is up to date. */
  watermark(now: number): Promise<number | null>;
  /** Present when a history is read: time then comes from the records and not from the clock. */
  history?: HistoryContext;
  /** True when no more counts will come. One last tick then ends the loop. */
  hasEnded?(): boolean;
  onTick?(ticked: Ticked): void;
  /** Called when a tick fails. Incidents stay as they are, and the next tick evaluates the missed time. */
  onError?(error: unknown): void;
}

export interface HistoryContext {
  /** The oldest request of the history in the store, from this run or earlier ones, epoch seconds; null: none. */
  first(): Promise<number | null>;
  /** The newest request that was counted, epoch seconds; null: none yet. */
  newest(): number | null;
  /** The oldest request that was counted since the last call, epoch seconds; null: none. */
  takeOldest(): number | null;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Pause between two ticks, seconds. */
  every_seconds: number;
}

/**
 * Runs ticks until the signal stops, or once more after the end of the data; never two at a time. A failed tick changes
 * no incident, and the next one evaluates its time. Throws only if the last tick fails with an error that would come
 * again each time.
 */
export async function runAnalyzers(context: AnalyzerContext): Promise<void> {
  const { settings, signal, history } = context;
  const judge = history === undefined ? liveTicks(context) : historyTicks(context, history);
  while (!signal.aborted) {
    const hasEnded = context.hasEnded?.() === true;
    const began = context.now();
    let isDone = false;
    try {
      const ticked = await judge(hasEnded);
      if (ticked !== null) context.onTick?.(ticked);
      isDone = hasEnded;
    } catch (error) {
      context.onError?.(error);
      if (hasEnded && !isRetriable(error)) throw error;
    }
    if (isDone || signal.aborted) return;
    const every = history?.every_seconds ?? settings.every_seconds;
    await context.sleep(Math.max(0, every - (context.now() - began)) * 1000, signal);
  }
}

type LiveTick = (hasEnded: boolean) => Promise<Ticked | null>;

function liveTicks({ store, settings, now, watermark }: AnalyzerContext): LiveTick {
  let state: TickState | null = null;
  return async () => {
    const at = now();
    // If a tick fails, the next one starts from the state of the last good one. Versions that were already written are
    // then written again, as equal rows that count once.
    const ticked: Ticked = await tick(store, at, settings, state, await watermark(at));
    state = ticked.state;
    return ticked;
  };
}

function historyTicks({ store, settings, now }: AnalyzerContext, context: HistoryContext): LiveTick {
  let history: History | null = null;
  let oldest: number | null = null;
  return async (hasEnded) => {
    const newest = context.newest();
    if (newest === null) return null;
    const taken = context.takeOldest();
    if (taken !== null) oldest = Math.min(oldest ?? taken, taken);
    if (history === null) {
      const from = Math.min(oldest ?? newest, (await context.first()) ?? Infinity);
      await noteSettings(store, from, JSON.stringify(settings));
      history = new History(store, from, settings, detectors, () => context.monotonic());
    }
    const ticked = await history.tick({ newest, oldest_new: oldest, has_ended: hasEnded });
    oldest = null;
    if (!hasEnded) return ticked;
    const ended = await closeHistory(store, ticked.state.live, newest, now());
    return {
      ...ticked,
      written: [...ticked.written, ...ended.map((incident) => ({ incident, reason: 'resolved' as const }))],
    };
  };
}
