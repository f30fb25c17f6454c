import type { NotifySettings } from '../../domain/notify-settings.ts';
import { attentionOf, type Marks, noMarks } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import { afterTry, holdUntil, nextToTry } from './attempt.ts';
import type { Answer, Channel, Notice } from './channel.ts';
import { Lease } from './lease.ts';
import type { NotifyStore } from './notify-store.ts';
import { plan, type Seen } from './plan.ts';
import { noticeText } from './text.ts';
import { Told } from './told.ts';

/** What the notifier is given from outside. */
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

/** What there is to log and to count. */
export interface NotifierEvents {
  /** A try has ended; `seconds` is how long it took. */
  tried(delivery: Delivery, seconds: number): void;
  /** This analyzer sends from now on, or no longer. */
  leads(leads: boolean): void;
  /** A receiver that forgets was not reached; incidents there may seem to be over. */
  refreshFailed(receiver: string, text: string): void;
}

/** How it stands with one receiver. */
export interface ReceiverStatus {
  receiver: string;
  channel: Channel['type'];
  /** Messages that it has not taken yet. */
  waiting: number;
  /** How long the oldest of these has waited, seconds. */
  oldest_seconds: number;
  /** What its last failure was; null: it took the last message. */
  trouble: string | null;
}

const BEAT_SECONDS = 10;
/** Everything is read anew so often: an insert may have taken long, and incidents of histories can be deleted; seconds. */
const WHOLE_SECONDS = 600;
/** What was written a little before the last look is looked at again: it may have become visible late; seconds. */
const OVERLAP_SECONDS = 60;
/** Deliveries that are over are remembered so long, longer than an incident can be opened again; seconds. */
const REMEMBER_SECONDS = 2 * 86_400;
const REFRESH_SECONDS = 60;
/** Answers are noted at least so often while there is more to send, ms. */
const SAVE_MS = 1_000;
/** What ended within this time is looked at in any case; seconds. */
const LEAST_PAST_SECONDS = 3_600;

/**
 * Tells receivers what is to be told. It works from what stands in the store, apart from the evaluations: nothing here can
 * hold them up, and whoever comes next goes on where the log ends. A message is written to the log before it is
 * sent, so that after any end of the process it is sent again under the same key.
 */
export class Notifier {
  readonly #context: NotifierContext;
  readonly #lease: Lease;
  #told: Told | null = null;
  #incidents = new Map<string, Seen>();
  /** Incidents of which it is known what was told. */
  #asked = new Set<string>();
  #marks: Marks = noMarks;
  #wholeAt = 0;
  #changedAt = 0;
  #beatAt = Number.NEGATIVE_INFINITY;
  #leads = false;
  readonly #lanes = new Map<string, Promise<void>>();
  /** What is not in the log yet, because the store did not answer. */
  readonly #unsaved = new Map<string, Delivery>();
  #storeIsAway = false;
  readonly #heldUntil = new Map<string, number>();
  readonly #refreshedAt = new Map<string, number>();
  readonly #trouble = new Map<string, string>();
  #isStopping = false;

  constructor(context: NotifierContext) {
    this.#context = context;
    this.#lease = new Lease(context);
  }

  /** Looks once, decides, and begins to send; does not wait for receivers. Throws `StoreError`; the next pass makes up for it. */
  async pass(): Promise<void> {
    const { store, settings, channels, monotonic } = this.#context;
    if (monotonic() - this.#beatAt >= BEAT_SECONDS * 1000 || !this.#lease.isSure()) {
      this.#setLeads(await this.#lease.beat());
      this.#beatAt = monotonic();
    }
    await this.#save();
    if (!this.#leads) {
      this.#told = null;
      return;
    }
    const isWhole = await this.#look();
    this.#marks = await store.marks();
    const told = this.#told;
    if (told === null || !this.#lease.isSure()) return;
    const decided = plan(
      {
        now: this.#now(),
        incidents: this.#incidents,
        is_whole: isWhole,
        marks: this.#marks,
        settings,
        channels,
      },
      told,
    );
    // What is decided is known to others before anything of it is sent.
    await store.write(decided);
    for (const delivery of decided) told.add(delivery);
    for (const [name, channel] of channels) {
      if (this.#lanes.has(name)) continue;
      const lane = this.#run(name, channel).finally(() => this.#lanes.delete(name));
      this.#lanes.set(name, lane);
    }
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }

  /**
   * Begins nothing new, waits for what is being sent as long as the patience lasts, writes it down, and lets another
   * analyzer go on. What nobody has answered by then is sent again by that one, under its key. Throws `StoreError`.
   */
  async stop(patience: Promise<void>): Promise<void> {
    this.#isStopping = true;
    await Promise.race([this.settled(), patience]);
    await this.#save();
    await this.#lease.leave();
  }

  /** How it stands, as far as this analyzer knows; empty where another one sends. */
  status(): { leads: boolean; receivers: ReceiverStatus[] } {
    const told = this.#told;
    if (!this.#leads || told === null) return { leads: false, receivers: [] };
    const now = this.#now();
    const receivers = [...this.#context.channels].map(([receiver, { type }]) => {
      const waiting = told.unfinished(receiver);
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

  /** Reads what has changed, or everything; true: what is not among the incidents now is no more. */
  async #look(): Promise<boolean> {
    const { store, settings } = this.#context;
    const now = this.#now();
    if (this.#told !== null && now - this.#wholeAt < WHOLE_SECONDS) {
      const changed = await store.changed(this.#changedAt - OVERLAP_SECONDS);
      await this.#remember(changed.map(({ incident }) => incident.id));
      for (const seen of changed) this.#incidents.set(seen.incident.id, seen);
      this.#changedAt = now;
      return false;
    }
    const told = new Told();
    const remembered = Math.max(REMEMBER_SECONDS, settings.give_up_seconds + REMEMBER_SECONDS);
    const recent = await store.deliveries({ since: now - remembered });
    const open = await store.present(now - Math.max(settings.history_seconds, LEAST_PAST_SECONDS));
    const ids = open.map(({ incident }) => incident.id);
    const older = ids.length === 0 ? [] : await store.deliveries({ incidents: ids });
    for (const delivery of [...recent, ...older].toSorted((a, b) => a.decided_at - b.decided_at))
      told.add(delivery);
    const known = new Set(ids);
    const foreign = [...told.toldFiring()].filter((id) => !known.has(id));
    const seen = foreign.length === 0 ? open : [...open, ...(await store.these(foreign))];
    this.#incidents = new Map(seen.map((one) => [one.incident.id, one]));
    for (const delivery of this.#unsaved.values()) told.add(delivery);
    told.forget(now - remembered);
    this.#told = told;
    this.#asked = known;
    [this.#wholeAt, this.#changedAt] = [now, now];
    return true;
  }

  /** An incident that was over and forgotten may be open again: what was told of it then decides. */
  async #remember(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#asked.has(id));
    if (unknown.length === 0) return;
    const found = await this.#context.store.deliveries({ incidents: unknown });
    for (const delivery of found.toReversed()) this.#told?.add(delivery);
    for (const id of unknown) this.#asked.add(id);
  }

  /** Sends to one receiver, one message after the other, until nothing is due. */
  async #run(name: string, channel: Channel): Promise<void> {
    const { settings, monotonic, chance, events } = this.#context;
    let savedAt = monotonic();
    while (this.#maySend(name)) {
      const delivery = nextToTry(this.#told?.unfinished(name) ?? [], this.#now());
      if (delivery === null) break;
      const began = monotonic();
      const answer = await attempt(() => channel.send(this.#toNotice(delivery)));
      const after = afterTry(delivery, answer, this.#now(), settings.give_up_seconds, chance());
      this.#told?.add(after);
      this.#unsaved.set(after.id, after);
      if (answer.ok) this.#trouble.delete(name);
      else {
        this.#trouble.set(name, answer.text);
        const until = Math.max(holdUntil(after), (after.tried_at ?? 0) + (answer.retry_seconds ?? 0));
        this.#heldUntil.set(name, until);
      }
      events.tried(after, (monotonic() - began) / 1000);
      // Of a thousand messages at once each is not an insert; what is sent in a second may come again, under its key.
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

  /** What a receiver was told to be firing and still is, but for what is silenced. */
  #firingAt(name: string, now: number): Incident[] {
    return [...this.#incidents.values()]
      .map(({ incident }) => incident)
      .filter((incident) => {
        if (incident.state !== 'firing' || this.#told?.last(name, incident.id)?.event !== 'firing')
          return false;
        const attention = attentionOf(incident, this.#marks, now);
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

  /** A failure of the store stops the lanes; what is not saved is saved by the next pass. */
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

/** Channels answer and do not throw; one that does is a bug of ours, and no reason to stop. */
async function attempt(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}
