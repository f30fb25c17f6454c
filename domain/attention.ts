import type { Incident, Scope } from './incident.ts';

/** A person has taken an incident over. Times are epoch seconds. */
export interface Acknowledgement {
  incident: string;
  at: number;
  /** How often the incident had been opened again at that moment. */
  reopened: number;
  by: string;
  note: string;
}

/** Longest window of a silence, and longest time from one window to the next, in seconds. */
export const LONGEST_SILENCE_SECONDS = 366 * 86_400;

/** Incidents that nobody is told of for a time. Times are epoch seconds. */
export interface Silence {
  id: string;
  /** Empty: all kinds. */
  kinds: readonly string[];
  /** Values that the scope of an incident must have; empty: every scope. */
  scope: Scope;
  starts_at: number;
  ends_at: number;
  /** Seconds from the start of one window to the start of the next; 0: there is one window. */
  every_seconds: number;
  /** A maintenance window: it was planned ahead. */
  planned: boolean;
  by: string;
  note: string;
  /** When a person ended the silence early; null: nobody ended it early. */
  ended_at: number | null;
}

/** What people said about incidents. */
export interface Marks {
  /** Key: id of the incident. */
  acknowledgements: ReadonlyMap<string, Acknowledgement>;
  silences: readonly Silence[];
}
export const noMarks: Marks = { acknowledgements: new Map(), silences: [] };

/** What people did about an incident, beside its state. `until` is the end of the present window. */
export type Attention =
  | { state: 'acknowledged'; by: string; at: number; note: string }
  | { state: 'silenced' | 'maintenance'; by: string; until: number; note: string; silence: string };

/**
 * Whether an incident is silenced or acknowledged at a time (epoch seconds); null: neither. A silence has precedence
 * over an acknowledgement, because during a silence nobody is told anything. Of several silences, the one whose present
 * window ends last counts. Pure.
 */
export function attentionOf(incident: Incident, marks: Marks, now: number): Attention | null {
  let longest: Extract<Attention, { until: number }> | null = null;
  for (const silence of marks.silences) {
    const until = silencedUntil(silence, now);
    if (until === null || !covers(silence, incident) || until <= (longest?.until ?? 0)) continue;
    const { by, note, id } = silence;
    longest = { state: silence.planned ? 'maintenance' : 'silenced', by, until, note, silence: id };
  }
  if (longest !== null) return longest;
  const found = acknowledgementOf(incident, marks);
  return found === null ? null : { state: 'acknowledged', by: found.by, at: found.at, note: found.note };
}

/** The acknowledgement of an incident that is in force, also while it is silenced; null: there is none. Pure. */
export function acknowledgementOf(incident: Incident, marks: Marks): Acknowledgement | null {
  const found = marks.acknowledgements.get(incident.id);
  // An incident that opens again is news, even to the person who acknowledged it before.
  return found === undefined || found.reopened < reopenedOf(incident) ? null : found;
}

/** Whether a silence of this incident held at any time of its life, up to now (epoch seconds). Pure. */
export function wasSilenced(incident: Incident, { silences }: Marks, now: number): boolean {
  const from = Date.parse(incident.started_at) / 1000;
  const to = incident.resolved_at === null ? now : Date.parse(incident.resolved_at) / 1000;
  return silences.some((silence) => covers(silence, incident) && overlaps(silence, from, to));
}

/**
 * When an incident was known as open, by the clock and in epoch seconds; `to` null: the incident is still known as
 * open.
 */
export interface KnownOpen {
  from: number;
  to: number | null;
}

/**
 * The silences that concerned this incident, up to now (epoch seconds): each held at some time of the incident's life,
 * or while the incident was known as open. The two times differ when old requests are read: an incident lives in event
 * time, but people set silences by the clock. `known` null: the store no longer knows when the incident was open. Pure.
 */
export function silencesOf(
  incident: Incident,
  { silences }: Marks,
  now: number,
  known: KnownOpen | null,
): Silence[] {
  return silences.filter(
    (silence) =>
      wasSilenced(incident, { ...noMarks, silences: [silence] }, now) ||
      (known !== null && covers(silence, incident) && overlaps(silence, known.from, known.to ?? now)),
  );
}

/** End of the window of a silence that contains a time (epoch seconds); null: none contains it. Pure. */
export function silencedUntil(silence: Silence, now: number): number | null {
  const { starts_at, ended_at } = silence;
  if (now < starts_at || (ended_at !== null && now >= ended_at)) return null;
  const begun = windowBefore(silence, now);
  const end = begun + (silence.ends_at - starts_at);
  return now < end ? end : null;
}

/** Whether a silence is over for good: it holds neither at a time (epoch seconds) nor at any later time. */
export function isOver({ ends_at, every_seconds, ended_at }: Silence, now: number): boolean {
  return (ended_at !== null && ended_at <= now) || (every_seconds === 0 && ends_at <= now);
}

/** How often an incident was opened again. */
export function reopenedOf({ evidence }: Incident): number {
  const { reopened } = evidence;
  return typeof reopened === 'number' ? reopened : 0;
}

/** Start of the last window that started at or before a time. */
function windowBefore({ starts_at, every_seconds }: Silence, now: number): number {
  if (every_seconds === 0) return starts_at;
  return starts_at + Math.floor((now - starts_at) / every_seconds) * every_seconds;
}

function overlaps(silence: Silence, from: number, to: number): boolean {
  if (to < silence.starts_at || (silence.ended_at !== null && from >= silence.ended_at)) return false;
  const last = windowBefore(silence, Math.min(to, silence.ended_at ?? to));
  return last + (silence.ends_at - silence.starts_at) > from;
}

function covers({ kinds, scope: wanted }: Silence, incident: Incident): boolean {
  if (kinds.length > 0 && !kinds.includes(incident.kind)) return false;
  return Object.entries(wanted).every(([name, value]) => incident.scope[name as keyof Scope] === value);
}
