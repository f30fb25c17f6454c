import { type Marks, noMarks } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import { settingsSchema } from '../../domain/settings.ts';
import type { ReceiverAnswer, Channel } from '../../analyzers/notify/channel.ts';
import { Notifier } from '../../analyzers/notify/notifier.ts';
import type { NotifyStore } from '../../analyzers/notify/notify-store.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import type { LeaseRow } from '../../store/queries/notify-lease.ts';

/** One message as it arrived at a receiver, whatever the answer. */
export interface Arrival {
  receiver: string;
  key: string;
  event: Delivery['event'];
  incidents: readonly Incident[];
  at: number;
}

/**
 * A process that sends messages. A test can make it die before or after its n-th effect from now (a call of the store
 * or a send).
 */
export interface NotifierProcess {
  notifier: Notifier;
  isDead(): boolean;
  dieAt(effect: number, happens: boolean): void;
}

/** A store in memory with its own clock, receivers, and processes that die at any moment. */
export class NotifyWorld {
  /** Epoch seconds of the store's clock. */
  now = Date.UTC(2026, 10, 2, 10) / 1000;
  readonly incidents = new Map<string, { incident: Incident; evaluated_at: number; written_at: number }>();
  readonly deliveries = new Map<string, Delivery>();
  readonly lease = new Map<string, LeaseRow>();
  readonly arrivals: Arrival[] = [];
  marks: Marks = noMarks;
  isStoreAway = false;
  /** Decides the answer of a receiver. `arrives` says whether the message got there, whatever the answer. */
  receive: (
    receiver: string,
    incidents: readonly Incident[],
  ) => { arrives: boolean; answer: ReceiverAnswer } = () => ({
    arrives: true,
    answer: { ok: true, text: 'ok' },
  });
  #processes = 0;

  /** Writes an incident like an evaluation of the present. */
  put(incident: Incident): void {
    this.incidents.set(incident.id, { incident, evaluated_at: this.now, written_at: this.now });
  }

  /** Starts a process that tells the receivers of these settings. */
  start(
    notify: unknown,
    options: { chance?: () => number; channel?: Partial<Channel> } = {},
  ): NotifierProcess {
    const settings = settingsSchema.parse({ notify }).notify;
    const name = `process-${this.#processes++}`;
    let holders = 0;
    let effects = 0;
    let death: { at: number; happens: boolean } | null = null;
    let isDead = false;
    const effect = async <T>(act: () => T): Promise<T> => {
      if (isDead) throw new Error(`${name} is dead`);
      effects++;
      if (death !== null && effects >= death.at) {
        isDead = true;
        if (death.happens) act();
        throw new Error(`${name} dies`);
      }
      return act();
    };
    const ask = <T>(act: () => T): Promise<T> =>
      effect(() => {
        if (this.isStoreAway) throw new Error('the store does not answer');
        return act();
      });
    const channels = Object.keys(settings.receivers).map((receiver): [string, Channel] => [
      receiver,
      {
        type: 'webhook',
        groups: true,
        tells_past: true,
        where: async () => 'a test',
        send: ({ key, event, incidents }) =>
          effect(() => {
            const { arrives, answer } = this.receive(receiver, incidents);
            if (arrives) this.arrivals.push({ receiver, key, event, incidents, at: this.now });
            return answer;
          }),
        ...options.channel,
      },
    ]);
    const notifier = new Notifier({
      store: this.#storeFor(ask),
      settings,
      channels: new Map(channels),
      monotonic: () => this.now * 1000,
      chance: options.chance ?? (() => 0.5),
      newHolder: () => `${name}-${holders++}`,
      events: { tried: () => undefined, leads: () => undefined, refreshFailed: () => undefined },
    });
    return {
      notifier,
      isDead: () => isDead,
      dieAt(at, happens) {
        death = { at: effects + at, happens };
      },
    };
  }

  /** Lets time pass: every live process makes a pass each 5 seconds. */
  async run(seconds: number, processes: readonly NotifierProcess[]): Promise<void> {
    for (const end = this.now + seconds; this.now < end; this.now += 5) {
      await Promise.all(
        processes
          .filter((one) => !one.isDead())
          .map(async ({ notifier }) => {
            await notifier.pass().catch(() => undefined);
            await notifier.settled();
          }),
      );
    }
  }

  #storeFor(ask: <T>(act: () => T) => Promise<T>): NotifyStore {
    const seen = (keep: (incident: Incident, writtenAt: number) => boolean) =>
      ask(() => [...this.incidents.values()].filter((one) => keep(one.incident, one.written_at)));
    const resolvedAt = ({ resolved_at }: Incident): number =>
      resolved_at === null ? Number.POSITIVE_INFINITY : Date.parse(resolved_at) / 1000;
    return {
      beat: (holder, since, hasLeft) =>
        ask(() => {
          const row = this.lease.get(holder);
          this.lease.set(holder, {
            holder,
            since: since ?? row?.since ?? this.now,
            at: this.now,
            has_left: hasLeft,
          });
          return { now: this.now, rows: [...this.lease.values()] };
        }),
      present: (since) => seen((incident) => resolvedAt(incident) >= since),
      these: (ids) => seen(({ id }) => ids.includes(id)),
      changed: (since) => seen((_incident, writtenAt) => writtenAt >= since),
      marks: () => ask(() => this.marks),
      deliveries: (filter) =>
        ask(() =>
          [...this.deliveries.values()]
            .filter((one) =>
              'since' in filter
                ? one.decided_at >= filter.since
                : one.incidents.some(({ id }) => filter.incidents.includes(id)),
            )
            .toSorted((a, b) => b.decided_at - a.decided_at),
        ),
      write: (rows) =>
        ask(() => {
          for (const row of rows)
            if ((this.deliveries.get(row.id)?.version ?? -1) <= row.version) this.deliveries.set(row.id, row);
        }),
    };
  }
}
