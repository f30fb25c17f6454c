import type { ReceiverSettings, ReceiverType } from '../../domain/notify-settings.ts';
import type { Incident } from '../../domain/incident.ts';
import type { DeliveryEvent } from '../../store/queries/notifications.ts';

/** One message as a channel sends it. */
export interface Notice {
  /** The same in every try of this message, and in no other message. */
  key: string;
  event: DeliveryEvent;
  receiver: string;
  /** One incident, or those of a group. */
  incidents: readonly Incident[];
  /** `title` is one line, `text` is everything, for people; see `text.ts`. */
  title: string;
  text: string;
  /** Address of the console or Grafana; empty: none. */
  url: string;
  /** Epoch seconds. */
  sent_at: number;
}

/**
 * The answer of a receiver. `text` is one line without secrets. `retry_seconds`: the receiver asked to wait this long.
 */
export type Answer = { ok: true; text: string } | { ok: false; text: string; retry_seconds?: number };

/** A way to tell people. Each has a file under `channels/`. */
export interface Channel {
  type: ReceiverType;
  /** The host, for messages; never the whole address, which may be a secret. */
  where(): Promise<string>;
  /** Whether one message may be about several incidents. */
  groups: boolean;
  /**
   * Whether it can be told about an incident that ended before it was told; other receivers would not understand it.
   */
  tells_past: boolean;
  /** Sends one message and waits for the answer for a limited time. Never throws. */
  send(notice: Notice): Promise<Answer>;
  /**
   * For a receiver that forgets incidents: reports about once a minute that these still fire. The receiver then repeats
   * messages itself, and `repeat_seconds` is not used.
   */
  refresh?(incidents: readonly Incident[], now: number): Promise<Answer>;
}

/** What channels receive from outside. */
export interface ChannelContext {
  /**
   * The value behind `env:NAME` or `file:/path`. It is read each time, so that it can be rotated. Throws an error of
   * one line.
   */
  secret(reference: string): Promise<string>;
  /** Longest time for one message, ms. */
  timeoutMs: number;
}

/** Makes a channel from its settings. */
export type CreateChannel<Type extends ReceiverType> = (
  name: string,
  settings: Extract<ReceiverSettings, { type: Type }>,
  context: ChannelContext,
) => Channel;

/** The key of one incident in every message about it, for receivers that fold messages into one alert. */
export function dedupKey({ id }: Incident): string {
  return `faultline/${id}`;
}

/** The same for a message: the key of its incident, or of all incidents of the group. */
export function dedupKeyOf({ incidents, key }: Pick<Notice, 'incidents' | 'key'>): string {
  const [only, ...more] = incidents;
  return only !== undefined && more.length === 0 ? dedupKey(only) : `faultline/group/${key}`;
}
