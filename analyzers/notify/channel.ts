import type { ReceiverSettings, ReceiverType } from '../../domain/notify-settings.ts';
import type { Incident } from '../../domain/incident.ts';
import type { DeliveryEvent } from '../../store/queries/notifications.ts';

/** One message as a channel sends it. */
export interface Notice {
  /** The same in every try of this message, and in no other message. */
  key: string;
  event: DeliveryEvent;
  receiver: string;
  /** One, or those of a group. */
  incidents: readonly Incident[];
  /** One line, then the whole text, for people; see `text.ts`. */
  title: string;
  text: string;
  /** Address of the console or Grafana; empty: none. */
  url: string;
  /** Epoch seconds. */
  sent_at: number;
}

/** What a receiver said. `text` is one line without secrets; `retry_seconds`: it asked to be left alone for so long. */
export type Answer = { ok: true; text: string } | { ok: false; text: string; retry_seconds?: number };

/** A way to tell people. One file under `channels/` each. */
export interface Channel {
  type: ReceiverType;
  /** The host, for messages; never the whole address, which may be a secret. */
  where(): Promise<string>;
  /** Whether one message may be about several incidents. */
  groups: boolean;
  /** Whether it can be told of an incident that was over before it was told; others would not understand it. */
  tells_past: boolean;
  /** Sends one message and waits for the answer, for a bounded time. Never throws. */
  send(notice: Notice): Promise<Answer>;
  /**
   * Where the receiver forgets what is not said again: says again, about once a minute, that these are firing. Then it
   * is the receiver that repeats, and `repeat_seconds` is not used.
   */
  refresh?(incidents: readonly Incident[], now: number): Promise<Answer>;
}

/** What channels are given from outside. */
export interface ChannelContext {
  /** The value behind `env:NAME` or `file:/path`, read anew each time so that it can be rotated; throws an error with one line. */
  secret(reference: string): Promise<string>;
  /** Longest time for one message, ms. */
  timeoutMs: number;
}

/** Makes a channel of its settings. */
export type CreateChannel<Type extends ReceiverType> = (
  name: string,
  settings: Extract<ReceiverSettings, { type: Type }>,
  context: ChannelContext,
) => Channel;

/** Names one incident, in every message about it, for receivers that fold messages into one alert. */
export function dedupKey({ id }: Incident): string {
  return `faultline/${id}`;
}

/** The same for a message: of one incident it is the incident's, of a group it is that of all of them. */
export function dedupKeyOf({ incidents, key }: Pick<Notice, 'incidents' | 'key'>): string {
  const [only, ...more] = incidents;
  return only !== undefined && more.length === 0 ? dedupKey(only) : `faultline/group/${key}`;
}
