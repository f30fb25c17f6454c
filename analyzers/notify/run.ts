import { Notifier, type NotifierContext } from './notifier.ts';

/** What the loop receives besides the context of the notifier. */
export interface RunNotifierContext extends NotifierContext {
  /** Resolves after this many milliseconds, or earlier when the signal stops. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** Called when the store did not answer; the next pass does the work. */
  onError(error: unknown): void;
  /** Called after each successful pass. */
  onPass(notifier: Notifier): void;
}

const PASS_MS = 5_000;
/**
 * Time to wait for messages in flight when the program stops, ms. It is less than the 10 s or so after which a stopped
 * process is usually killed.
 */
const PATIENCE_MS = 4_000;

/** Tells receivers about incidents until the signal stops, and then gives up the lease. Never throws. */
export async function runNotifier(context: RunNotifierContext): Promise<void> {
  const notifier = new Notifier(context);
  while (!context.signal.aborted) {
    try {
      await notifier.pass();
      context.onPass(notifier);
    } catch (error) {
      context.onError(error);
    }
    await context.sleep(PASS_MS, context.signal);
  }
  const patience = new AbortController();
  await notifier
    .stop(context.sleep(PATIENCE_MS, patience.signal))
    .catch((error: unknown) => context.onError(error));
  patience.abort();
}
