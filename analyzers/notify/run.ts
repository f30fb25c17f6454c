import { Notifier, type NotifierContext } from './notifier.ts';

/** What the loop receives besides the context of the notifier. */
export interface RunNotifierContext extends NotifierContext {
  /** Resolves after this many milliseconds, or earlier when the signal stops. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** The store did not answer; the next pass makes up for it. */
  onError(error: unknown): void;
  /** Called after each successful pass. */
  onPass(notifier: Notifier): void;
}

const PASS_MS = 5_000;
/** Less than the 10 s or so after which a stopped process is usually killed. */
const PATIENCE_MS = 4_000;

/** Tells receivers about incidents until the signal stops; then it lets another analyzer go on. Never throws. */
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
