import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Incident, incident } from '../../domain/incident.ts';
import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

export const deliveryStates = ['decided', 'sent', 'failed', 'given_up', 'not_sent'] as const;
export type DeliveryState = (typeof deliveryStates)[number];
export const deliveryEvents = ['firing', 'resolved'] as const;
export type DeliveryEvent = (typeof deliveryEvents)[number];

/** One message to one receiver. Times are epoch seconds by the store's clock. */
export interface Delivery {
  /** Hash of the receiver and the content: the idempotency key, the same in every try. */
  id: string;
  /** Each new row of the same delivery has a higher version. */
  version: number;
  receiver: string;
  channel: string;
  state: DeliveryState;
  event: DeliveryEvent;
  /** The incidents as the message shows them. */
  incidents: readonly Incident[];
  decided_at: number;
  tried_at: number | null;
  /** No further try before this time. */
  next_at: number;
  attempts: number;
  /** The last answer of the receiver, without secrets. */
  answer: string;
}

/** Which deliveries to read: those decided since a time (epoch seconds), or those about any of these incidents. */
export type DeliveryFilter =
  | { since: number; limit?: number }
  | { incidents: readonly string[]; limit?: number };

const UNFINISHED: readonly DeliveryState[] = ['decided', 'failed'];
export function isUnfinished({ state }: Pick<Delivery, 'state'>): boolean {
  return UNFINISHED.includes(state);
}

/** The present state of deliveries, newest first. Throws `StoreError`. A row with an unknown form is an error too. */
export async function readDeliveries(store: Store, filter: DeliveryFilter): Promise<Delivery[]> {
  // The columns of the condition are equal in every version of a delivery, so the filter runs before the content is
  // read.
  const condition =
    'since' in filter
      ? 'decided_at >= fromUnixTimestamp64Milli(toInt64({since:Int64}))'
      : 'hasAny(incidents, {incidents:Array(String)})';
  const rows = await store.query<DeliveryRow>(
    `SELECT id, version, receiver, channel, state, event, content, toUnixTimestamp64Milli(d.decided_at) / 1000 AS decided_at,
       toUnixTimestamp64Milli(d.tried_at) / 1000 AS tried_at, toUnixTimestamp64Milli(d.next_at) / 1000 AS next_at, attempts, answer
     FROM (SELECT * FROM notifications WHERE ${condition} ORDER BY id, version DESC LIMIT 1 BY id) AS d
     ORDER BY d.decided_at DESC, id LIMIT {limit:UInt32}`,
    {
      limit: filter.limit ?? MOST,
      ...('since' in filter ? { since: Math.round(filter.since * 1000) } : { incidents: filter.incidents }),
    },
  );
  return rows.map(fromRow);
}

const MOST = 100_000;

/** Stores the present state of deliveries. Equal rows are stored once. Throws `StoreError`. */
export async function writeDeliveries(store: Store, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  const body = Buffer.from(deliveries.map(toTsv).join(''));
  const token = createHash('sha256').update(body).digest('hex');
  await store.insert({ table: 'notifications', columns, body, token });
}

const columns = [
  'id',
  'version',
  'receiver',
  'channel',
  'state',
  'event',
  'incidents',
  'content',
  'decided_at',
  'tried_at',
  'next_at',
  'attempts',
  'answer',
] as const;

function toTsv(it: Delivery): string {
  return tsvRow([
    it.id,
    it.version,
    it.receiver,
    it.channel,
    it.state,
    it.event,
    it.incidents.map(({ id }) => id),
    JSON.stringify(it.incidents),
    tsvTime(it.decided_at * 1000),
    it.tried_at === null ? null : tsvTime(it.tried_at * 1000),
    tsvTime(it.next_at * 1000),
    it.attempts,
    it.answer,
  ]);
}

interface DeliveryRow extends Omit<Delivery, 'incidents' | 'state' | 'event'> {
  state: string;
  event: string;
  content: string;
}

const storedIncidents = z.array(incident);

function fromRow({ content, state, event, ...row }: DeliveryRow): Delivery {
  return {
    ...row,
    state: z.enum(deliveryStates).parse(state),
    event: z.enum(deliveryEvents).parse(event),
    incidents: storedIncidents.parse(JSON.parse(content)),
  };
}
