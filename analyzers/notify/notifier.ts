import type { NotifySettings } from '../../domain/notify-settings.ts';
import { attentionOf } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import { afterTry, holdUntil, nextToTry } from './attempt.ts';
import type { ReceiverAnswer, Channel, Notice } from './channel.ts';
import { NotifyLease } from './lease.ts';
import type { NotifyStore } from './notify-store.ts';
import { Overview } from './overview.ts';
import { plan } from './plan.ts';
import { noticeText } from './text.ts';

/** What the notifier receives from outside. */
export interface NotifierContext {
  store: NotifyStore;
  settings: NotifySettings;
  /** By name of the receiver. */
  channels: ReadonlyMap<string, Channel>;
  monotonic(): number;
  /** In [0, 1). */
  chance(): number;
  newHolder(): string;
  events: NotifierEvents;
}

/** Events to log and to count. */
export interface NotifierEvents {
  /** A try has ended; `seconds` is its duration. */
  tried(delivery: Delivery, seconds: number): void;
  /** Called when this analyzer began to send messages (true) or stopped (false). */
  leads(leads: boolean): void;
  /** A receiver that needs repeats was not reached, so it may believe that incidents have ended. */
  refreshFailed(receiver: string, text: string): void;
}

/** The state of one receiver. */
export interface ReceiverStatus {
  receiver: string;
  channel: Channel['type'];
  /** Messages that it has not accepted yet. */
  waiting: number;
  /** Age of the oldest of them, seconds. */
  oldest_seconds: number;
  /** Its last failure; null: it accepted the last message. */
  trouble: string | null;
}

const BEAT_SECONDS = 10;
const REFRESH_SECONDS = 60;
/** While there is more to send, answers are stored at least this often, ms. */
const SAVE_MS = 1_000;

/**
 * Tells receivers about incidents. It reads the store and runs apart from the evaluations, so a slow receiver cannot
 * delay them, and another analyzer can go on where the log of messages ends. Each message is written to the log before
 * it is sent. If the process dies in between, the message is sent again under the same key.
 */
export class Notifier {
  readonly #context: NotifierContext;
  readonly #lease: NotifyLease;
  readonly #overview: Overview;
  #beatAt = Number.NEGATIVE_INFINITY;
  #leads = false;
  readonly #lanes = new Map<string, Promise<void>>();
  /** Deliveries that could not be written to the log because the store did not answer. */
  readonly #unsaved = new Map<string, Delivery>();
  #storeIsAway = false;
  readonly #heldUntil = new Map<string, number>();
  readonly #refreshedAt = new Map<string, number>();
  readonly #trouble = new Map<string, string>();
  #isStopping = false;

  constructor(context: NotifierContext) {
    this.#context = context;
    this.#lease = new NotifyLease(context);
    this.#overview = new Overview(context.store, context.settings);
  }

  /**
   * Reads the store once, decides which messages are due, and begins to send them without waiting for receivers. Throws
   * `StoreError`; the next pass then does the same.
   */
  async pass(): Promise<void> {
    const { store, settings, channels, monotonic } = this.#context;
    if (monotonic() - this.#beatAt >= BEAT_SECONDS * 1000 || !this.#lease.isSure()) {
      this.#setLeads(await this.#lease.beat());
      this.#beatAt = monotonic();
    }
    await this.#save();
    const overview = this.#overview;
    if (!this.#leads) return overview.expire();
    const isWhole = await overview.look(this.#now());
    if (!this.#lease.isSure()) return;
    const { incidents, marks, log } = overview;
    const situation = { now: this.#now(), incidents, is_whole: isWhole, marks, settings, channels };
    const decided = plan(situation, log);
    // All decisions are stored before any message is sent, so that other analyzers see them.
    await store.write(decided);
    for (const delivery of decided) log.add(delivery);
    for (const [name, channel] of channels) {
      if (this.#lanes.has(name)) continue;
      const lane = this.#run(name, channel).finally(() => this.#lanes.delete(name));
      this.#lanes.set(name, lane);
    }
  }

  /** Resolves when no message is being sent. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }

  /**
   * Begins no new message, waits for those in flight until `patience` resolves, stores the answers, and gives up the
   * lease. The next analyzer sends unanswered messages again, under the same keys. Throws `StoreError`.
   */
  async stop(patience: Promise<void>): Promise<void> {
    this.#isStopping = true;
    await Promise.race([this.settled(), patience]);
    await this.#save();
    await this.#lease.leave();
  }

  /** The state of the receivers as this analyzer knows it; empty when another analyzer sends. */
  status(): { leads: boolean; receivers: ReceiverStatus[] } {
    if (!this.#leads) return { leads: false, receivers: [] };
    const { log } = this.#overview;
    const now = this.#now();
    const receivers = [...this.#context.channels].map(([receiver, { type }]) => {
      const waiting = log.unfinished(receiver);
      const oldest = Math.min(now, ...waiting.map(({ decided_at }) => decided_at));
      const trouble = this.#trouble.get(receiver) ?? null;
      return { receiver, channel: type, waiting: waiting.length, oldest_seconds: now - oldest, trouble };
    });
    return { leads: true, receivers };
  }

  #now(): number {
    return this.#lease.now();
  }

  #setLeads(leads: boolean): void {
    if (leads !== this.#leads) this.#context.events.leads(leads);
    this.#leads = leads;
  }

  /** Sends the due messages to one receiver, one after the other. */
  async #run(name: string, channel: Channel): Promise<void> {
    const { settings, monotonic, chance, events } = this.#context;
    let savedAt = monotonic();
    while (this.#maySend(name)) {
      const delivery = nextToTry(this.#overview.log.unfinished(name), this.#now());
      if (delivery === null) break;
      const began = monotonic();
      const answer = await attempt(() => channel.send(this.#toNotice(delivery)));
      const after = afterTry(delivery, answer, this.#now(), settings.give_up_seconds, chance());
      this.#overview.log.add(after);
      this.#unsaved.set(after.id, after);
      if (answer.ok) this.#trouble.delete(name);
      else {
        this.#trouble.set(name, answer.text);
        const until = Math.max(holdUntil(after), (after.tried_at ?? 0) + (answer.retry_seconds ?? 0));
        this.#heldUntil.set(name, until);
      }
      events.tried(after, (monotonic() - began) / 1000);
      // Answers are stored once a second and not once per message, because every insert costs the store. If the process
      // dies, messages of the last second are sent again, under the same keys.
      if (monotonic() - savedAt < SAVE_MS) continue;
      await this.#trySave();
      savedAt = monotonic();
    }
    if (this.#unsaved.size > 0) await this.#trySave();
    await this.#refresh(name, channel);
  }

  #maySend(name: string): boolean {
    return (
      !this.#isStopping &&
      !this.#storeIsAway &&
      this.#lease.isSure() &&
      this.#now() >= (this.#heldUntil.get(name) ?? 0)
    );
  }

  async #refresh(name: string, channel: Channel): Promise<void> {
    const now = this.#now();
    const isDue = now - (this.#refreshedAt.get(name) ?? 0) >= REFRESH_SECONDS;
    if (channel.refresh === undefined || !isDue || !this.#maySend(name)) return;
    this.#refreshedAt.set(name, now);
    const firing = this.#firingAt(name, now);
    if (firing.length === 0) return;
    const answer = await attempt(
      async () => (await channel.refresh?.(firing, now)) ?? { ok: true, text: '' },
    );
    if (answer.ok) return;
    this.#refreshedAt.delete(name);
    this.#heldUntil.set(name, this.#now() + BEAT_SECONDS);
    this.#context.events.refreshFailed(name, answer.text);
  }

  /** The incidents that a receiver was told of and that still fire, without silenced ones. */
  #firingAt(name: string, now: number): Incident[] {
    const { incidents, marks, log } = this.#overview;
    return [...incidents.values()]
      .map(({ incident }) => incident)
      .filter((incident) => {
        if (incident.state !== 'firing' || log.last(name, incident.id)?.event !== 'firing') return false;
        const attention = attentionOf(incident, marks, now);
        return attention === null || attention.state === 'acknowledged';
      });
  }

  #toNotice({ id, event, receiver, incidents }: Delivery): Notice {
    const { url, docs_url } = this.#context.settings;
    const now = this.#now();
    return {
      key: id,
      event,
      receiver,
      incidents,
      ...noticeText(incidents, event, now, docs_url),
      url,
      sent_at: now,
    };
  }

  /** Stores the answers. If the store fails, sending stops; the next pass stores what is missing. */
  async #trySave(): Promise<void> {
    await this.#save().catch(() => undefined);
  }

  async #save(): Promise<void> {
    const rows = [...this.#unsaved.values()];
    try {
      await this.#context.store.write(rows);
      this.#storeIsAway = false;
    } catch (error) {
      this.#storeIsAway = true;
      throw error;
    }
    for (const row of rows) if (this.#unsaved.get(row.id) === row) this.#unsaved.delete(row.id);
  }
}

/** Channels return errors and do not throw. If a channel throws, this is a bug, but no reason to stop. */
async function attempt(send: () => Promise<ReceiverAnswer>): Promise<ReceiverAnswer> {
  try {
    return await send();
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}
