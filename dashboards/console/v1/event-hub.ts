import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { incident } from '../../../domain/incident.ts';
import { readMarks } from '../../../store/queries/attention.ts';
import { readChangedIds, readIncidents } from '../../../store/queries/incidents.ts';
import { readNewestCount } from '../../../store/queries/explain-sums.ts';
import type { Store } from '../../../store/store.ts';
import { iso, time } from './query-parts.ts';
import { statusAnswer, type StatusAnswer } from './status.ts';

/** The events and the form of their data, by name. */
export const eventShapes = {
  incident: incident.pick({ id: true, kind: true, state: true, severity: true, scope: true, summary: true }),
  attention: z.strictObject({}).meta({ description: 'An acknowledgement or a silence has changed.' }),
  data: z.strictObject({
    newest: time.nullable().meta({ description: 'Start of the newest interval with counts.' }),
  }),
  status: statusAnswer.meta({
    description: 'The answer of /api/v1/status, sent when reading or counting has gone on.',
  }),
  trouble: z.strictObject({ detail: z.string() }),
  here: z
    .strictObject({ clock: time })
    .meta({ description: 'Sent every 15 seconds, also when nothing has changed.' }),
} as const;
export type EventName = keyof typeof eventShapes;

export interface HubOptions {
  store: Store;
  /** The answer of /api/v1/status. */
  status: () => Promise<StatusAnswer>;
  /**
   * Clears cached answers. The hub calls it before it reports a change, because listeners then ask at once and must not
   * get an answer from before the change.
   */
  changed?: () => void;
  /** Epoch ms. */
  now: () => number;
  limits?: Partial<HubLimits>;
}

export interface HubLimits {
  /** Time between two queries of the store while anybody listens, ms. */
  pollMs: number;
  /** Time between two heartbeats, ms. They make proxies keep the connection, and tell pages that it works. */
  heartbeatMs: number;
  /** Longest time of a connection, ms. After it, a client connects again. */
  longestMs: number;
  /** Largest number of listeners at once. */
  most: number;
}
const usual: HubLimits = { pollMs: 2_000, heartbeatMs: 15_000, longestMs: 3_600_000, most: 64 };

/** How many bytes may wait for a listener that does not read. */
const MOST_WAITING = 256 * 1024;
/** Largest difference between the clocks of writers and of the store, seconds. */
const OVERLAP_SECONDS = 60;

/** Tells all listeners what changed. It queries the store once for all of them, and never when nobody listens. */
export interface EventHub {
  /** Adds a listener; null when there are too many. */
  listen(): PassThrough | null;
  /** Ends all connections. */
  close(): void;
}

/** Creates a hub without listeners. */
export function createEventHub({ store, status, changed, now, limits = {} }: HubOptions): EventHub {
  const { pollMs, heartbeatMs, longestMs, most } = { ...usual, ...limits };
  const listeners = new Map<PassThrough, number>();
  let timer: NodeJS.Timeout | null = null;
  let isAsking = false;
  let beaten = 0;
  let known: LastAnswer | null = null;
  let isInTrouble = false;

  const write = (text: string): void => {
    for (const stream of listeners.keys()) {
      // A client that does not read is disconnected; a browser connects again by itself.
      if (stream.writableLength > MOST_WAITING) stream.destroy();
      else stream.write(text);
    }
  };
  const leave = (stream: PassThrough): void => {
    listeners.delete(stream);
    if (listeners.size === 0) rest();
  };
  const tell = (name: EventName, data: unknown): void => {
    write(eventText(name, data));
  };
  const poll = async (): Promise<void> => {
    const at = now();
    for (const [stream, since] of listeners) {
      if (at - since < longestMs) continue;
      // `end` lets the client read what was already sent; `destroy` would discard it.
      leave(stream);
      stream.end();
    }
    try {
      const since = known?.asked ?? at / 1_000;
      const [found, present] = await Promise.all([look(store, since, at / 1_000), status()]);
      const now = { ...found, status: present };
      // Without a known status, `changesOf` always returns a status event, which tells listeners that the trouble is
      // over.
      const changes = changesOf(isInTrouble && known ? { ...known, status: null } : known, now);
      if (changes.length > 0) changed?.();
      for (const [name, data] of changes) tell(name, data);
      known = now;
      isInTrouble = false;
    } catch (error) {
      isInTrouble = true;
      const line = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
      tell('trouble', { detail: line });
    }
  };
  const turn = (): void => {
    // Heartbeats go on while a query of the store is running.
    if (now() - beaten >= heartbeatMs) {
      beaten = now();
      tell('here', { clock: iso(beaten / 1_000) });
    }
    if (isAsking) return;
    isAsking = true;
    void poll().finally(() => {
      isAsking = false;
    });
  };
  const rest = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
    known = null;
  };

  return {
    listen() {
      if (listeners.size >= most) return null;
      const stream = new PassThrough({ highWaterMark: MOST_WAITING });
      listeners.set(stream, now());
      stream.once('close', () => leave(stream));
      // A client that disconnects in the middle of a message is not an error.
      stream.on('error', () => undefined);
      stream.write('retry: 3000\n\n');
      if (known !== null) stream.write(eventText('data', newestOf(known)));
      if (known?.status) stream.write(eventText('status', known.status));
      timer ??= setInterval(turn, pollMs);
      turn();
      return stream;
    },
    close() {
      for (const stream of listeners.keys()) {
        leave(stream);
        stream.end();
        stream.destroy();
      }
      rest();
    },
  };
}

/** What the last query of the store returned. */
export interface LastAnswer {
  /** When the store was queried, epoch seconds. */
  asked: number;
  newest: number | null;
  /** The status at that time; null: not known. */
  status: StatusAnswer | null;
  /** All acknowledgements and silences as one text, so that any change is noticed. */
  marks: string;
  /** The incidents that were written after the query before this one, or up to a minute earlier, by id. */
  incidents: ReadonlyMap<string, { version: number; shown: z.infer<(typeof eventShapes)['incident']> }>;
}

async function look(store: Store, since: number, asked: number): Promise<Omit<LastAnswer, 'status'>> {
  const [newest, marks, ids] = await Promise.all([
    readNewestCount(store),
    readMarks(store),
    readChangedIds(store, since - OVERLAP_SECONDS, 0),
  ]);
  const found =
    ids.length === 0 ? [] : await readIncidents(store, { ids: ids.slice(0, 1_000) }, () => undefined);
  return {
    asked,
    newest,
    marks: JSON.stringify([[...marks.acknowledgements], marks.silences]),
    incidents: new Map(
      found.map(({ incident: one, version }) => {
        const { id, kind, state, severity, scope, summary } = one;
        return [id, { version, shown: { id, kind, state, severity, scope, summary } }];
      }),
    ),
  };
}

/**
 * The events that report what changed between two answers. Without an answer before: the age of the data, the status,
 * and the incidents of the last minute. Pure.
 */
export function changesOf(before: LastAnswer | null, now: LastAnswer): [EventName, unknown][] {
  const changes: [EventName, unknown][] = [];
  if (before?.newest !== now.newest) changes.push(['data', newestOf(now)]);
  if (now.status !== null && stateOf(before) !== stateOf(now)) changes.push(['status', now.status]);
  if (before !== null && before.marks !== now.marks) changes.push(['attention', {}]);
  // The first answer also reports incidents written within the last minute: a new listener may have asked for incidents
  // just before they were written.
  for (const [id, { version, shown }] of now.incidents)
    if (before?.incidents.get(id)?.version !== version) changes.push(['incident', shown]);
  return changes;
}

/** The part of the status that does not change with the clock alone. */
function stateOf(known: LastAnswer | null): string {
  const { live, oldest, newest } = known?.status ?? {};
  return JSON.stringify([live, oldest, newest]);
}

function newestOf({ newest }: LastAnswer): z.infer<(typeof eventShapes)['data']> {
  return { newest: newest === null ? null : iso(newest) };
}

function eventText(name: EventName, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
