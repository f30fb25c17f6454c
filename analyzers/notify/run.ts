import { Notifier, type NotifierContext } from './notifier.ts';

/** What the loop is given beside what the notifier needs. */
export interface RunNotifierContext extends NotifierContext {
  /** Resolves after so many milliseconds, or earlier when the signal says stop. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** The store did not answer; the next pass makes up for it. */
  onError(error: unknown): void;
  /** After each pass that went well. */
  onPass(notifier: Notifier): void;
}

const PASS_MS = 5_000;
/** Whoever stops a process kills it after some 10 s. */
const PATIENCE_MS = 4_000;

/** Tells receivers what is to be told until the signal says stop; then it lets another analyzer go on. Never throws. */
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
