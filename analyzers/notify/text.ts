import { evidenceField, evidenceWords } from '../../domain/evidence.ts';
import { factsOf } from '../../domain/incident-kind.ts';
import { type Incident, responsible } from '../../domain/incident.ts';
import type { DeliveryEvent } from '../../store/queries/notifications.ts';

/** The text for people. */
export interface MessageText {
  /** One line: what and where. */
  title: string;
  /** What, where, since when, which party, the most important number, what to do; one line each. */
  text: string;
}

/** Number of incidents of a group that get a line of their own; for the others only their number is given. */
const MOST_LISTED = 10;
/** A lock screen shows about this many characters of a line. */
const LONGEST_LINE = 200;

/**
 * The text about one incident, for a phone. `now` is epoch seconds, `docsUrl` is where docs/ is served or empty. Pure.
 */
export function incidentText(
  incident: Incident,
  event: DeliveryEvent,
  now: number,
  docsUrl = '',
): MessageText {
  const title = titleOf(incident, event);
  const number = numberThatMatters(incident, now);
  const [step] = incident.remedy.steps;
  const lines =
    event === 'resolved'
      ? [title, `${lasted(incident, now)}. ${whose(incident)}`, number]
      : [
          title,
          `Since ${timeOf(incident.started_at, now)} (${age(incident, now)}). ${whose(incident)}`,
          number,
          holdUntil(incident, now),
          step === undefined ? '' : `Do: ${step}`,
          runbook(incident, docsUrl),
        ];
  return {
    title,
    text: lines
      .filter((line) => line !== '')
      .map(clip)
      .join('\n'),
  };
}

/** The text of a message: the full text for one incident, one line each for a group. Pure. */
export function noticeText(
  incidents: readonly Incident[],
  event: DeliveryEvent,
  now: number,
  docsUrl = '',
): MessageText {
  const [first, ...more] = incidents;
  if (first !== undefined && more.length === 0) return incidentText(first, event, now, docsUrl);
  const title = `${incidents.length} incidents ${event === 'resolved' ? 'resolved' : 'firing'}: ${kindsOf(incidents)}`;
  const lines = incidents.slice(0, MOST_LISTED).map((one) => {
    const number = numberThatMatters(one, now);
    return clip(`- ${titleOf(one, event)}${number === '' ? '' : `. ${number}`}`);
  });
  const rest = incidents.length - lines.length;
  return { title, text: [title, ...lines, ...(rest === 0 ? [] : [`and ${rest} more`])].join('\n') };
}

/** The place: the values of the scope; `everything` when it names none. */
export function whereText({ scope, evidence }: Incident): string {
  const values = Object.values(scope);
  if (values.length > 0) return values.join(' / ');
  return typeof evidence['topic'] === 'string' ? `topic ${evidence['topic']}` : 'everything';
}

function titleOf(incident: Incident, event: DeliveryEvent): string {
  const { alert } = factsOf(incident.kind);
  const mark = event === 'resolved' ? 'Resolved: ' : incident.severity === 'critical' ? 'CRITICAL ' : '';
  return clip(`${mark}${alert}: ${whereText(incident)}`);
}

function kindsOf(incidents: readonly Incident[]): string {
  return [...new Set(incidents.map(({ kind }) => factsOf(kind).alert))].join(', ');
}

function whose({ verdict, remedy }: Incident): string {
  const cause = responsible[verdict.party];
  return `Cause: ${cause.charAt(0).toLowerCase()}${cause.slice(1)}. Who acts: ${remedy.owner}.`;
}

/**
 * The most important number of an incident, in one line. Each kind has several texts; the first one whose numbers are
 * all in the evidence is used. Empty: there is none. After the end, texts with a number of the last window are not
 * used: they would ask people to act on a rate that is over.
 */
export function numberThatMatters({ kind, evidence, resolved_at: resolved }: Incident, now: number): string {
  for (const template of factsOf(kind).matters ?? []) {
    let isWhole = true;
    const text = template.replaceAll(/\{(\w+)(:%)?\}/g, (_all, name: string, share?: string) => {
      const shown = valueText(name, evidence[name], share !== undefined, now);
      const isPast = resolved !== null && evidenceField(name)?.moment === 'latest';
      if (shown === '' || isPast) isWhole = false;
      return shown;
    });
    if (isWhole) return text;
  }
  return '';
}

function valueText(
  name: string,
  value: Incident['evidence'][string] | undefined,
  isShare: boolean,
  now: number,
): string {
  if (typeof value === 'number')
    return isShare ? `${round(value * 100)} %` : round(value).toLocaleString('en-US');
  if (Array.isArray(value)) {
    const words = value.slice(0, 3).map((one) => evidenceWords(name, one));
    return words.join(', ') + (value.length > 3 ? ', …' : '');
  }
  if (typeof value !== 'string') return '';
  return /^\d{4}-\d\d-\d\dT/.test(value) ? timeOf(value, now) : evidenceWords(name, value);
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}

function holdUntil({ remedy: { hold_until: until, plan } }: Incident, now: number): string {
  if (until === undefined) return '';
  const next = plan?.find(({ at }) => at >= until);
  const then =
    next === undefined ? '' : `, then at most ${round(next.requests_per_minute).toLocaleString('en-US')}`;
  return `Hold until ${timeOf(until, now)}${then}`;
}

function runbook({ remedy: { docs } }: Incident, docsUrl: string): string {
  if (docs === '') return '';
  return docsUrl === ''
    ? `Runbook: ${docs}`
    : `Runbook: ${docsUrl.replace(/\/+$/, '')}/${docs.replace(/^docs\//, '')}`;
}

function lasted(incident: Incident, now: number): string {
  const end = incident.resolved_at ?? new Date(now * 1000).toISOString();
  return `From ${timeOf(incident.started_at, now)} to ${timeOf(end, now)} (${age(incident, now)})`;
}

function age({ started_at, resolved_at }: Incident, now: number): string {
  const end = resolved_at === null ? now : Date.parse(resolved_at) / 1000;
  const minutes = Math.max(0, Math.round((end - Date.parse(started_at) / 1000) / 60));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** `17:08 UTC`, with the date when it is not the day of `now`. */
function timeOf(iso: string, now: number): string {
  const today = new Date(now * 1000).toISOString().slice(0, 10);
  const time = `${iso.slice(11, 16)} UTC`;
  return iso.startsWith(today) ? time : `${iso.slice(0, 10)} ${time}`;
}

/** Removes control characters, which would break a line, a header or a terminal, and shortens a long line. */
function clip(line: string): string {
  // oxlint-disable-next-line no-control-regex
  const clean = line.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ');
  return clean.length <= LONGEST_LINE ? clean : `${clean.slice(0, LONGEST_LINE - 1)}…`;
}
