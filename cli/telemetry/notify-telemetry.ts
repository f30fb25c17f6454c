import type { Logger } from 'pino';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Notifier, NotifierEvents } from '../../analyzers/notify/notifier.ts';
import type { HealthAnswer, Telemetry } from '../../ingest/telemetry/telemetry.ts';

/** Logs, metrics and health of the messages to receivers. */
export interface NotifyTelemetry {
  /** Receives the events of the notifier. */
  readonly events: NotifierEvents;
  /** Call it after each pass. */
  passed(notifier: Notifier): void;
  /** Call it when the store does not answer. */
  failed(error: unknown): void;
  /** Receivers that do not accept their messages, as reasons of health. */
  reasons(): HealthAnswer['reasons'];
  /** The metrics in the text format of Prometheus. */
  text(): Promise<string>;
}

/** A message that waits this long makes health `degraded`; seconds. */
const LATE_SECONDS = 60;

/**
 * Makes the telemetry of the messages to receivers. The names of receivers are labels, because the settings name only a
 * few.
 */
export function createNotifyTelemetry(
  receivers: Readonly<Record<string, { type: string }>>,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
): NotifyTelemetry {
  const registry = new Registry();
  const own = { registers: [registry] };
  const labelNames = ['receiver', 'channel'] as const;
  const tries = new Counter({
    name: 'faultline_notification_tries_total',
    help: 'Tries to send a message, by their result.',
    labelNames: [...labelNames, 'result'],
    ...own,
  });
  const waiting = new Gauge({
    name: 'faultline_notifications_waiting',
    help: 'Messages that a receiver has not taken yet; absent where another analyzer sends.',
    labelNames,
    ...own,
  });
  const oldest = new Gauge({
    name: 'faultline_notification_oldest_seconds',
    help: 'How long the oldest waiting message of a receiver has waited, in seconds.',
    labelNames,
    ...own,
  });
  const sends = new Gauge({
    name: 'faultline_notify_sends',
    help: '1 where this analyzer sends the messages, otherwise 0.',
    ...own,
  });
  for (const [receiver, { type }] of Object.entries(receivers))
    for (const result of ['sent', 'failed', 'given_up']) tries.inc({ receiver, channel: type, result }, 0);
  let late: HealthAnswer['reasons'] = [];
  let isStoreAway = false;
  return {
    events: {
      tried({ id, receiver, channel, state, event, incidents, attempts, answer }, seconds) {
        tries.inc({ receiver, channel, result: state });
        const facts = {
          receiver,
          channel,
          event,
          incidents: incidents.map((one) => one.id),
          key: id,
          attempts,
          seconds: Math.round(seconds * 1000) / 1000,
          answer,
        };
        if (state === 'sent') logger.info(facts, `sent a message to ${receiver}`);
        else if (state === 'given_up')
          logger.error(facts, `gave up sending a message to ${receiver}: ${answer}`);
        else logger.warn(facts, `could not send a message to ${receiver}, will retry: ${answer}`);
      },
      leads(leads) {
        sends.set(leads ? 1 : 0);
        logger.info(
          { leads },
          leads ? 'this analyzer sends notifications' : 'another analyzer sends notifications',
        );
      },
      refreshFailed(receiver, text) {
        logger.warn(
          { receiver, reason: text },
          `could not send ${receiver} the incidents that still fire, will retry`,
        );
      },
    },
    passed(notifier) {
      const { receivers: present } = notifier.status();
      waiting.reset();
      oldest.reset();
      for (const { receiver, channel, waiting: count, oldest_seconds } of present) {
        waiting.set({ receiver, channel }, count);
        oldest.set({ receiver, channel }, oldest_seconds);
      }
      // The detail names no receiver, because health is for probes; the metrics name the receivers.
      const slow = present.filter((one) => one.trouble !== null && one.oldest_seconds > LATE_SECONDS);
      late =
        slow.length === 0
          ? []
          : [
              {
                code: 'receivers_failing',
                state: 'degraded',
                detail: `${slow.length} of ${present.length} receivers do not take notifications`,
              },
            ];
      if (isStoreAway) logger.info('notifications go on');
      isStoreAway = false;
    },
    failed(error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isStoreAway) logger.warn({ reason }, 'notifications wait for the store');
      isStoreAway = true;
    },
    reasons: () => late,
    text: () => registry.metrics(),
  };
}

/** Adds the metrics and health of the messages to receivers to those of a worker. */
export function withNotify<T extends Pick<Telemetry, 'health' | 'text'>>(
  telemetry: T,
  notify: Pick<NotifyTelemetry, 'reasons' | 'text'>,
): T {
  return {
    ...telemetry,
    text: async () => `${await telemetry.text()}\n${await notify.text()}`,
    health() {
      const own = telemetry.health();
      const reasons = [...own.reasons, ...notify.reasons()];
      return { ...own, reasons, state: own.state === 'ok' ? (reasons[0]?.state ?? 'ok') : own.state };
    },
  };
}
