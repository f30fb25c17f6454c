import { createHash } from 'node:crypto';
import { attentionOf, type Marks, reopenedOf, wasSilenced } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import type { NotifySettings } from '../../domain/notify-settings.ts';
import { type Delivery, type DeliveryEvent, isUnfinished } from '../../store/queries/notifications.ts';
import type { Channel } from './channel.ts';
import { groupOf, type Route, routeOf } from './routes.ts';
import type { Told } from './told.ts';

/** An incident and the event time (epoch seconds) at which it was evaluated last. */
export interface Seen {
  incident: Incident;
  evaluated_at: number;
}

/** All that decides what is to be told. */
export interface Situation {
  /** Epoch seconds by the store's clock. */
  now: number;
  incidents: ReadonlyMap<string, Seen>;
  /** True: an incident that is not among `incidents` is no more. */
  is_whole: boolean;
  marks: Marks;
  settings: NotifySettings;
  channels: ReadonlyMap<string, Pick<Channel, 'type' | 'groups' | 'tells_past' | 'refresh'>>;
}

/** So long after its cause a consequence is still told to nobody: it ends a little later than that. Seconds. */
const AFTER_CAUSE_SECONDS = 900;

/**
 * Ids of the incidents that are listed under another one which explains them: nobody is told of them, as long as that
 * lasts and a little longer. One that outlives its cause has become one of its own. Pure.
 */
export function consequencesOf(incidents: Situation['incidents'], now: number): Set<string> {
  const ids = new Set<string>();
  for (const { incident } of incidents.values()) {
    const end = incident.resolved_at === null ? now : Date.parse(incident.resolved_at) / 1000;
    if (now - end < AFTER_CAUSE_SECONDS) for (const id of incident.related) ids.add(id);
  }
  return ids;
}

/** So many messages of a receiver wait at most; what is more is decided when there is room again, so none is lost. */
const MOST_WAITING = 1_000;
/** Incidents in one message. */
const MOST_IN_GROUP = 100;
const severities = ['info', 'warning', 'critical'] as const;

/** Something to be told to one receiver, before it is put into a message. */
interface Item {
  receiver: string;
  event: DeliveryEvent;
  incident: Incident;
  /** What was told before; part of the key, so that each message has one of its own. */
  before: string;
  group: string;
  /** The group is told when its oldest item has waited so long, epoch seconds. */
  ready_at: number;
  /** Is noted and not sent. */
  is_quiet: boolean;
}

/**
 * What is to be told now and was not yet, and which messages are to be sent no more, because all they say was over before
 * they could be sent; all to be written before anything is sent. It looks at how things stand, not at what happened, so that nothing is lost by who was away. Pure.
 */
export function plan(situation: Situation, told: Told): Delivery[] {
  const notSent: Delivery[] = [];
  const consequences = consequencesOf(situation.incidents, situation.now);
  const items: Item[] = [];
  for (const [receiver, channel] of situation.channels) {
    const waiting = told.unfinished(receiver);
    const over = waiting.filter((one) => isOver(one, situation));
    notSent.push(...over.map((one) => notSentBecause(one, 'was over before it could be sent')));
    const dropped = new Set(over.map(({ id }) => id));
    let room = MOST_WAITING - waiting.length + over.length;
    for (const item of itemsOf(receiver, channel, situation, told, { dropped, consequences })) {
      if (room-- <= 0) break;
      items.push(item);
    }
  }
  return [...notSent, ...toDeliveries(items, situation)];
}

function notSentBecause(delivery: Delivery, answer: string): Delivery {
  return { ...delivery, state: 'not_sent', version: delivery.version + 1, answer };
}

/** Whether a message says that incidents fire of which none does any more. */
function isOver({ event, incidents }: Delivery, { incidents: present, is_whole }: Situation): boolean {
  if (event !== 'firing') return false;
  return incidents.every(({ id }) => {
    const seen = present.get(id);
    return seen === undefined ? is_whole : seen.incident.state === 'resolved';
  });
}

function* itemsOf(
  receiver: string,
  channel: Pick<Channel, 'groups' | 'tells_past' | 'refresh'>,
  situation: Situation,
  told: Told,
  { dropped, consequences }: { dropped: ReadonlySet<string>; consequences: ReadonlySet<string> },
): Generator<Item> {
  for (const seen of situation.incidents.values()) {
    const { incident } = seen;
    const last = told.last(receiver, incident.id);
    const isWaiting = last !== null && isUnfinished(last) && !dropped.has(last.id);
    // One after the other: a receiver must not learn of the end before the beginning.
    if (isWaiting || incident.state === 'pending') continue;
    // Its end is told to whoever was told of it before its cause was known.
    if (consequences.has(incident.id) && (incident.state === 'firing' || last === null)) continue;
    const route = routeOf(incident, situation.settings);
    const isRouted = route?.receivers.includes(receiver) === true;
    const event = incident.state === 'firing' ? ('firing' as const) : ('resolved' as const);
    const isDue =
      event === 'firing'
        ? isRouted && isFiringDue(seen, last, route, channel, situation)
        : isResolvedDue(seen, last, isRouted, channel, situation);
    if (!isDue) continue;
    const waits = event === 'firing' && channel.groups ? (route?.group_seconds ?? 0) : 0;
    yield {
      receiver,
      event,
      incident,
      before: last?.id ?? '',
      group: channel.groups && route !== null ? groupOf(incident, route) : incident.id,
      ready_at: Date.parse(incident.detected_at) / 1000 + waits,
      is_quiet: event === 'resolved' && isQuietEnd(last, route),
    };
  }
  if (situation.is_whole) yield* withdrawn(receiver, situation, told, dropped);
}

function isFiringDue(
  seen: Seen,
  last: Delivery | null,
  route: Route,
  channel: Pick<Channel, 'refresh'>,
  { now, marks, settings }: Situation,
): boolean {
  const { incident } = seen;
  const attention = attentionOf(incident, marks, now);
  if (attention !== null && attention.state !== 'acknowledged') return false;
  const before = last?.incidents.find(({ id }) => id === incident.id);
  if (last === null || before === undefined || last.event === 'resolved')
    return attention === null && now - seen.evaluated_at <= settings.history_seconds;
  // It has got worse: that is news also to whoever has acknowledged it.
  if (severities.indexOf(incident.severity) > severities.indexOf(before.severity)) return true;
  if (attention !== null || channel.refresh !== undefined || route.repeat_seconds === 0) return false;
  return now - last.decided_at >= route.repeat_seconds;
}

function isResolvedDue(
  { incident }: Seen,
  last: Delivery | null,
  isRouted: boolean,
  channel: Pick<Channel, 'tells_past'>,
  { now, marks, settings }: Situation,
): boolean {
  // Whoever was told that it fires is told that it is over, also when routes have changed or a silence holds meanwhile.
  if (last !== null) return last.event === 'firing';
  // It came and went while nobody could be told.
  if (!channel.tells_past || !isRouted || incident.resolved_at === null) return false;
  if (now - Date.parse(incident.resolved_at) / 1000 > settings.history_seconds) return false;
  return !marks.acknowledgements.has(incident.id) && !wasSilenced(incident, marks, now);
}

/** Whether the end is only noted: the route wants no such messages, and the beginning has arrived. */
function isQuietEnd(last: Delivery | null, route: Route | null): boolean {
  return route?.resolved === false && last !== null && (last.state === 'sent' || last.state === 'given_up');
}

/** Incidents of a history that are no more: counts that came later showed another course. They are told to be over. */
function* withdrawn(
  receiver: string,
  { incidents, now }: Situation,
  told: Told,
  dropped: ReadonlySet<string>,
): Generator<Item> {
  for (const id of told.toldFiring()) {
    const last = told.last(receiver, id);
    if (last === null || last.event !== 'firing' || incidents.has(id)) continue;
    if (isUnfinished(last) && !dropped.has(last.id)) continue;
    const before = last.incidents.find((one) => one.id === id);
    if (before === undefined) continue;
    const incident: Incident = { ...before, state: 'resolved', resolved_at: before.detected_at };
    yield {
      receiver,
      event: 'resolved',
      incident,
      before: last.id,
      group: id,
      ready_at: now,
      is_quiet: false,
    };
  }
}

/** Puts what belongs together into messages; groups that still wait are left for later. */
function toDeliveries(items: readonly Item[], { now, channels }: Situation): Delivery[] {
  const groups = Map.groupBy(items, ({ receiver, event, group, is_quiet }) =>
    JSON.stringify([receiver, event, group, is_quiet]),
  );
  const deliveries: Delivery[] = [];
  for (const members of groups.values()) {
    if (Math.min(...members.map(({ ready_at }) => ready_at)) > now) continue;
    for (let i = 0; i < members.length; i += MOST_IN_GROUP)
      deliveries.push(toDelivery(members.slice(i, i + MOST_IN_GROUP), now, channels));
  }
  return deliveries;
}

function toDelivery(members: readonly Item[], now: number, channels: Situation['channels']): Delivery {
  const sorted = members.toSorted((a, b) => (a.incident.id < b.incident.id ? -1 : 1));
  const [first] = sorted;
  if (first === undefined) throw new Error('a message is about one incident at least');
  const says = sorted.map(({ incident, before }) => [
    incident.id,
    incident.severity,
    reopenedOf(incident),
    before,
  ]);
  const text = JSON.stringify([first.receiver, first.event, ...says]);
  const delivery: Delivery = {
    id: createHash('sha256').update(text).digest('hex').slice(0, 32),
    version: 0,
    receiver: first.receiver,
    channel: channels.get(first.receiver)?.type ?? '',
    state: 'decided',
    event: first.event,
    incidents: sorted.map(({ incident }) => incident),
    decided_at: now,
    tried_at: null,
    next_at: now,
    attempts: 0,
    answer: '',
  };
  return first.is_quiet ? notSentBecause(delivery, 'the route sends no messages of the end') : delivery;
}
