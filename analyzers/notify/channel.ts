import type { ReceiverSettings, ReceiverType } from '../../domain/notify-settings.ts';
import type { Incident } from '../../domain/incident.ts';
import type { DeliveryEvent } from '../../store/queries/notifications.ts';

/** One message as a channel sends it. */
export interface Notice {
  /** Identifies the message: every try to send it has the same key, and no other message has it. */
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
export type ReceiverAnswer = { ok: true; text: string } | { ok: false; text: string; retry_seconds?: number };

/** A way to tell people. Each has a file under `channels/`. */
export interface Channel {
  type: ReceiverType;
  /** The host, for messages; never the whole address, which may be a secret. */
  where(): Promise<string>;
  /** Whether one message may be about several incidents. */
  groups: boolean;
  /**
   * Whether the receiver can be told of an incident that ended before anybody was told of it. Some receivers do not
   * understand an end without a beginning.
   */
  tells_past: boolean;
  /** Sends one message and waits for the answer for a limited time. Never throws. */
  send(notice: Notice): Promise<ReceiverAnswer>;
  /**
   * For a receiver that forgets incidents unless they are repeated: called about once a minute with the incidents that
   * still fire. Such a receiver repeats its messages to people itself, so `repeat_seconds` is not used.
   */
  refresh?(incidents: readonly Incident[], now: number): Promise<ReceiverAnswer>;
}

/** What channels receive from outside. */
export interface ChannelContext {
  /**
   * Returns the value behind `env:NAME` or `file:/path`. The value is read each time, because secrets may be rotated
   * while the program runs. Throws an error of one line.
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

/** The key that all messages about one incident share, so that a receiver can join them into one alert. */
export function dedupKey({ id }: Incident): string {
  return `faultline/${id}`;
}

/**
 * The key by which a receiver joins messages: the key of the incident; for a group of incidents the key of the message,
 * so that messages about groups are never joined.
 */
export function dedupKeyOf({ incidents, key }: Pick<Notice, 'incidents' | 'key'>): string {
  const [only, ...more] = incidents;
  return only !== undefined && more.length === 0 ? dedupKey(only) : `faultline/group/${key}`;
}
