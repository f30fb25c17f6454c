import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChannels } from '../../analyzers/notify/channels.ts';
import { notifyStoreOf } from '../../analyzers/notify/notify-store.ts';
import { runNotifier } from '../../analyzers/notify/run.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import type { NotifyTelemetry } from '../telemetry/notify-telemetry.ts';
import { readSecret } from './secrets.ts';

/**
 * Longest time for one message, ms. The sum of this and SURE_SECONDS must be shorter than a lease
 * (analyzers/notify/lease.ts).
 */
export const SEND_TIMEOUT_MS = 10_000;

/**
 * Sends messages to the receivers of the settings until the signal, in parallel with the evaluations. Resolves at once
 * when there are no receivers. Never throws.
 */
export async function notifyReceivers(
  store: Store,
  telemetry: NotifyTelemetry,
  context: Pick<CommandContext, 'settings' | 'signal' | 'env'>,
): Promise<void> {
  const { notify } = context.settings;
  if (Object.keys(notify.receivers).length === 0) return;
  const channels = createChannels(notify, {
    secret: (reference) => readSecret(reference, context),
    timeoutMs: SEND_TIMEOUT_MS,
  });
  await runNotifier({
    store: notifyStoreOf(store),
    settings: notify,
    channels,
    monotonic: () => performance.now(),
    chance: () => Math.random(),
    newHolder: () => randomUUID(),
    events: telemetry.events,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    signal: context.signal,
    onError: (error) => telemetry.failed(error),
    onPass: (notifier) => telemetry.passed(notifier),
  });
}
