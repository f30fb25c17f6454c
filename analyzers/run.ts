import type { Store } from '../store/connect.ts';
import type { AnalyzerSettings } from './detector.ts';
import { tick, type Ticked, type TickState } from './tick.ts';

/** What the analyzers are given from outside. Times are epoch seconds. */
export interface AnalyzerContext {
  store: Store;
  settings: AnalyzerSettings;
  /** Event time that is "now". */
  now(): number;
  /** Resolves after so many milliseconds, or earlier when the signal says stop. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** Event time up to which ingest has counted, or null when it is not behind. */
  watermark(now: number): Promise<number | null>;
  onTick?(ticked: Ticked): void;
  /** A tick that failed. Incidents stay as they are, and the next tick makes up for it. */
  onError?(error: unknown): void;
}

/**
 * Ticks until the signal says stop, never two at a time. A tick that fails is no statement about any incident:
 * its time is evaluated by the next one.
 */
export async function runAnalyzers(context: AnalyzerContext): Promise<void> {
  const { store, settings, signal } = context;
  let state: TickState | null = null;
  while (!signal.aborted) {
    const began = context.now();
    try {
      const ticked: Ticked = await tick(store, began, settings, state, await context.watermark(began));
      state = ticked.state;
      context.onTick?.(ticked);
    } catch (error) {
      // The state is still that before the tick: what of it was written is written again, and equal rows are one.
      context.onError?.(error);
    }
    if (signal.aborted) return;
    const rest = settings.every_seconds - (context.now() - began);
    await context.sleep(Math.max(0, rest) * 1000, signal);
  }
}
