import { createHash } from 'node:crypto';
import { attentionOf, type Marks, reopenedOf, wasSilenced } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import type { NotifySettings } from '../../domain/notify-settings.ts';
import { type Delivery, type DeliveryEvent, isUnfinished } from '../../store/queries/notifications.ts';
import type { Channel } from './channel.ts';
import { groupOf, type NotifyRoute, routeOf } from './routes.ts';
import type { DeliveryLog } from './delivery-log.ts';

/** An incident and the event time (epoch seconds) of its last evaluation. */
export interface EvaluatedIncident {
  incident: Incident;
  evaluated_at: number;
}

/** Everything that decides which messages are due. */
export interface DeliverySituation {
  /** Epoch seconds by the store's clock. */
  now: number;
  incidents: ReadonlyMap<string, EvaluatedIncident>;
  /** True: an incident that is not in `incidents` does not exist any more. */
  is_whole: boolean;
  marks: Marks;
  settings: NotifySettings;
  channels: ReadonlyMap<string, Pick<Channel, 'type' | 'groups' | 'tells_past' | 'refresh'>>;
}

/**
 * A consequence usually ends a little later than its cause, so nobody is told of it for this many seconds after the
 * cause has ended.
 */
const AFTER_CAUSE_SECONDS = 900;

/**
 * Ids of the incidents that are listed as consequences of another. Nobody is told of them while the cause lasts and a
 * little longer; if a consequence outlives that, people are told. Pure.
 */
export function consequencesOf(incidents: DeliverySituation['incidents'], now: number): Set<string> {
  const ids = new Set<string>();
  for (const { incident } of incidents.values()) {
    const end = incident.resolved_at === null ? now : Date.parse(incident.resolved_at) / 1000;
    if (now - end < AFTER_CAUSE_SECONDS) for (const id of incident.related) ids.add(id);
  }
  return ids;
}

/**
 * Largest number of messages that wait for one receiver. Further messages are decided when there is room again, so none
 * is lost.
 */
const MOST_WAITING = 1_000;
/** Largest number of incidents in one message. */
const MOST_IN_GROUP = 100;
const severities = ['info', 'warning', 'critical'] as const;

/** One thing to tell one receiver, before it is put into a message. */
interface DueItem {
  receiver: string;
  event: DeliveryEvent;
  incident: Incident;
  /**
   * The message that this receiver got before about the incident. It is part of the key, so that each message has a key
   * of its own.
   */
  before: string;
  group: string;
  /**
   * Time at which this item has waited long enough, epoch seconds. A group is sent when the first of its items is
   * ready.
   */
  ready_at: number;
  /** True: the message is stored, so that it counts as told, but not sent. */
  is_quiet: boolean;
}

/**
 * Decides which messages are due, and which waiting ones are dropped because everything in them has ended. All of them
 * must be stored before any is sent. The plan is made from the present state and not from events, so nothing is lost
 * while no analyzer runs. Pure.
 */
export function plan(situation: DeliverySituation, log: DeliveryLog): Delivery[] {
  const notSent: Delivery[] = [];
  const consequences = consequencesOf(situation.incidents, situation.now);
  const items: DueItem[] = [];
  for (const [receiver, channel] of situation.channels) {
    const waiting = log.unfinished(receiver);
    const over = waiting.filter((one) => isOver(one, situation));
    notSent.push(...over.map((one) => notSentBecause(one, 'ended before it could be sent')));
    const dropped = new Set(over.map(({ id }) => id));
    let room = MOST_WAITING - waiting.length + over.length;
    for (const item of itemsOf(receiver, channel, situation, log, { dropped, consequences })) {
      if (room-- <= 0) break;
      items.push(item);
    }
  }
  return [...notSent, ...toDeliveries(items, situation)];
}

function notSentBecause(delivery: Delivery, answer: string): Delivery {
  return { ...delivery, state: 'not_sent', version: delivery.version + 1, answer };
}

/** Whether a waiting message says that incidents fire although none of them fires any more. */
function isOver(
  { event, incidents }: Delivery,
  { incidents: present, is_whole }: DeliverySituation,
): boolean {
  if (event !== 'firing') return false;
  return incidents.every(({ id }) => {
    const seen = present.get(id);
    return seen === undefined ? is_whole : seen.incident.state === 'resolved';
  });
}

function* itemsOf(
  receiver: string,
  channel: Pick<Channel, 'groups' | 'tells_past' | 'refresh'>,
  situation: DeliverySituation,
  log: DeliveryLog,
  { dropped, consequences }: { dropped: ReadonlySet<string>; consequences: ReadonlySet<string> },
): Generator<DueItem> {
  for (const seen of situation.incidents.values()) {
    const { incident } = seen;
    const last = log.last(receiver, incident.id);
    const isWaiting = last !== null && isUnfinished(last) && !dropped.has(last.id);
    // A receiver gets one message after the other, so that it cannot learn of the end before the beginning.
    if (isWaiting || incident.state === 'pending') continue;
    // If a receiver was told of the incident before the cause was known, the receiver is also told of the end.
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
  if (situation.is_whole) yield* withdrawn(receiver, situation, log, dropped);
}

function isFiringDue(
  seen: EvaluatedIncident,
  last: Delivery | null,
  route: NotifyRoute,
  channel: Pick<Channel, 'refresh'>,
  { now, marks, settings }: DeliverySituation,
): boolean {
  const { incident } = seen;
  const attention = attentionOf(incident, marks, now);
  if (attention !== null && attention.state !== 'acknowledged') return false;
  const before = last?.incidents.find(({ id }) => id === incident.id);
  if (last === null || before === undefined || last.event === 'resolved')
    return attention === null && now - seen.evaluated_at <= settings.history_seconds;
  // A higher severity is told even to people who have acknowledged the incident.
  if (severities.indexOf(incident.severity) > severities.indexOf(before.severity)) return true;
  if (attention !== null || channel.refresh !== undefined || route.repeat_seconds === 0) return false;
  return now - last.decided_at >= route.repeat_seconds;
}

function isResolvedDue(
  { incident }: EvaluatedIncident,
  last: Delivery | null,
  isRouted: boolean,
  channel: Pick<Channel, 'tells_past'>,
  { now, marks, settings }: DeliverySituation,
): boolean {
  // A receiver that was told of the beginning is told of the end, even if routes have changed or a silence began.
  if (last !== null) return last.event === 'firing';
  // The incident began and ended before anybody could be told.
  if (!channel.tells_past || !isRouted || incident.resolved_at === null) return false;
  if (now - Date.parse(incident.resolved_at) / 1000 > settings.history_seconds) return false;
  return !marks.acknowledgements.has(incident.id) && !wasSilenced(incident, marks, now);
}

/**
 * Whether the end counts as told without being sent: the route wants no messages about ends, and the receiver got the
 * beginning.
 */
function isQuietEnd(last: Delivery | null, route: NotifyRoute | null): boolean {
  return route?.resolved === false && last !== null && (last.state === 'sent' || last.state === 'given_up');
}

/**
 * Tells the end of incidents that were deleted, because later counts of the history showed that they had not happened.
 */
function* withdrawn(
  receiver: string,
  { incidents, now }: DeliverySituation,
  log: DeliveryLog,
  dropped: ReadonlySet<string>,
): Generator<DueItem> {
  for (const id of log.firing()) {
    const last = log.last(receiver, id);
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

/** Puts the items of a group into one message. Groups that have not waited long enough are left for a later pass. */
function toDeliveries(items: readonly DueItem[], { now, channels }: DeliverySituation): Delivery[] {
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

function toDelivery(
  members: readonly DueItem[],
  now: number,
  channels: DeliverySituation['channels'],
): Delivery {
  const sorted = members.toSorted((a, b) => (a.incident.id < b.incident.id ? -1 : 1));
  const [first] = sorted;
  if (first === undefined) throw new Error('a message needs at least one incident');
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
  return first.is_quiet ? notSentBecause(delivery, 'the route sends no messages about the end') : delivery;
}
