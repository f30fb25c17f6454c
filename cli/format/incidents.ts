import type { Attention } from '../../domain/attention.ts';
import { type Incident, type IncidentState, responsible, type Scope } from '../../domain/incident.ts';
import { factsOf } from '../../domain/incident-kind.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import { createPainter, type Paint, type Painter } from './color.ts';
import { type EvidenceMoment, evidenceByMoment, evidenceField } from '../../domain/evidence.ts';
import { evidenceValue } from './evidence.ts';
import { toCsv } from '../../domain/csv.ts';
import { formatCount, formatDuration, formatTime } from './numbers.ts';
import { type TableCell, type TableColumn, formatTable } from './table.ts';
import { clip, printable, wrap } from './text.ts';

export interface Terminal {
  width: number;
  color: boolean;
  /** Epoch milliseconds. */
  now: number;
  /** True when `now` is the end of a log. Incidents that are open then may have lasted longer. */
  log_ended?: boolean;
}

/** What people did about incidents, by id. */
type Attentions = ReadonlyMap<string, Attention>;
const none: Attentions = new Map();

/** CSV with one row per incident; scope, evidence and plan are JSON texts. */
export function incidentsAsCsv(incidents: readonly Incident[], attention: Attentions = none): string {
  const header = [
    'id',
    'kind',
    'state',
    'severity',
    'started_at',
    'detected_at',
    'resolved_at',
    'scope',
    'summary',
    'verdict_party',
    'verdict_why',
    'evidence',
    'first_step',
    'owner',
    'attention',
  ];
  const rows = incidents.map((one) => [
    one.id,
    one.kind,
    one.state,
    one.severity,
    one.started_at,
    one.detected_at,
    one.resolved_at,
    JSON.stringify(one.scope),
    one.summary,
    one.verdict.party,
    one.verdict.why,
    JSON.stringify(one.evidence),
    one.remedy.steps[0] ?? '',
    one.remedy.owner,
    attention.get(one.id)?.state ?? '',
  ]);
  return toCsv(header, rows);
}

/** Two lines per incident, in the given order: a row with its facts, then the summary. */
export function incidentsAsTable(
  incidents: readonly Incident[],
  terminal: Terminal,
  attention: Attentions = none,
): readonly string[] {
  const columns: TableColumn[] = [
    { title: 'id' },
    { title: 'state' },
    { title: 'severity' },
    { title: 'kind' },
    { title: 'began (UTC)' },
    { title: 'lasted', align: 'right' },
    { title: 'scope', shrinkTo: 12, optional: true },
  ];
  const shortLength = shortestIds(incidents);
  const rows = incidents.map((one): TableCell[] => [
    { text: one.id.slice(0, shortLength) },
    { text: stateText(one, attention), paints: statePaints[one.state] },
    { text: one.severity, paints: severityPaints[one.severity] },
    { text: one.kind },
    { text: formatTime(Date.parse(one.started_at)).slice(0, 16) },
    { text: lasted(one, terminal.now) },
    { text: Object.values(one.scope).join(' / ') || 'everything' },
  ]);
  const paint = createPainter(terminal.color);
  const [header = '', ...lines] = formatTable(columns, rows, terminal.width, paint);
  const summaries = incidents.map(({ summary }) => clip(`  ${printable(summary)}`, terminal.width));
  return [header, ...lines.flatMap((line, i) => [line, paint(summaries[i] ?? '', 'dim')])];
}

/** One incident in full: what happened and since when, who must act and why, and what to do. */
export function incidentInFull(
  one: Incident,
  terminal: Terminal,
  more: {
    attention?: Attention | null;
    deliveries?: readonly Delivery[];
    related?: readonly Incident[];
  } = {},
): readonly string[] {
  const width = Math.min(terminal.width, READABLE);
  const paint = createPainter(terminal.color);
  const field = (name: string, text: string): readonly string[] => labelled(name, text, width, paint);
  const { remedy, evidence } = one;
  const { attention = null, deliveries = [], related = [] } = more;
  // For a log that has ended, the label "now" would mean the time of the reader.
  const isOpen = one.resolved_at === null && terminal.log_ended !== true;
  return [
    `${paint(one.kind, 'bold')}  ${paint(one.state, ...statePaints[one.state])}  ${paint(one.severity, ...severityPaints[one.severity])}  ${paint(printable(one.id), 'dim')}`,
    ...wrap(printable(one.summary), width),
    '',
    ...field('began', began(one, terminal)),
    ...(one.resolved_at === null ? [] : field('resolved', `${formatTime(Date.parse(one.resolved_at))} UTC`)),
    ...(attention === null ? [] : field('attention', attentionText(attention))),
    ...deliveries.flatMap((delivery, i) =>
      labelled(i === 0 ? 'told' : '', deliveryText(delivery), width, paint),
    ),
    ...field('scope', scopeText(one.scope)),
    ...field('verdict', `${responsible[one.verdict.party]}: ${one.verdict.why}`),
    ...evidenceByMoment(evidence).flatMap(([moment, fields]) =>
      fields.flatMap(([name, value], i) =>
        labelled(
          i === 0 ? momentNames[moment][isOpen ? 'open' : 'over'] : '',
          `${evidenceField(name)?.label ?? name}: ${evidenceValue(name, value)}`,
          width,
          paint,
        ),
      ),
    ),
    '',
    paint(`What to do (${printable(remedy.owner)}, ${retryWords[remedy.retry]})`, 'bold'),
    ...remedy.steps.flatMap((step, i) => indent(`${i + 1}. `, printable(step), width)),
    ...(remedy.hold_until === undefined
      ? []
      : field('hold until', `${formatTime(Date.parse(remedy.hold_until))} UTC`)),
    ...(remedy.plan ?? []).flatMap((step, i) =>
      labelled(
        i === 0 ? 'plan' : '',
        `from ${formatTime(Date.parse(step.at))} UTC at most ${formatCount(step.requests_per_minute)} requests a minute`,
        width,
        paint,
      ),
    ),
    '',
    ...(one.sample_request_ids.length === 0 ? [] : field('requests', one.sample_request_ids.join(', '))),
    ...one.related.flatMap((id, i) =>
      labelled(i === 0 ? 'related' : '', relatedText(id, related), width, paint),
    ),
    ...field('runbook', remedy.docs),
  ];
}

const statePaints: Readonly<Record<IncidentState, readonly Paint[]>> = {
  pending: ['yellow'],
  firing: ['red', 'bold'],
  resolved: ['green'],
};
const severityPaints: Readonly<Record<Incident['severity'], readonly Paint[]>> = {
  info: [],
  warning: ['yellow'],
  critical: ['red'],
};
const retryWords: Readonly<Record<Incident['remedy']['retry'], string>> = {
  yes: 'retry with back-off',
  after_wait: 'retry after a wait',
  no: 'do not retry',
};

const LABEL = 12;
/** Longer lines are hard to read. */
const READABLE = 100;

/** How many characters of the ids make them unique; at least eight. */
function shortestIds(incidents: readonly Incident[]): number {
  const longest = Math.max(8, ...incidents.map(({ id }) => id.length));
  for (let length = 8; length < longest; length++) {
    if (new Set(incidents.map(({ id }) => id.slice(0, length))).size === incidents.length) return length;
  }
  return longest;
}

/** A text such as `firing, silenced`: first the state that the analyzers gave, then what people did. */
function stateText({ id, state }: Incident, attention: Attentions): string {
  const found = attention.get(id);
  return found === undefined ? state : `${state}, ${found.state}`;
}

function attentionText(attention: Attention): string {
  const note = attention.note === '' ? '' : `: ${attention.note}`;
  return attention.state === 'acknowledged'
    ? `acknowledged by ${attention.by} at ${formatTime(Math.round(attention.at) * 1000)} UTC${note}`
    : `${attention.state} by ${attention.by} until ${formatTime(Math.round(attention.until) * 1000)} UTC${note}`;
}

function deliveryText({ receiver, event, state, decided_at, tried_at, answer }: Delivery): string {
  const at = formatTime(Math.round(tried_at ?? decided_at) * 1000);
  return `${receiver} at ${at} UTC: ${event}, ${state.replaceAll('_', ' ')}${answer === '' ? '' : ` (${answer})`}`;
}

function scopeText(scope: Scope): string {
  const parts = Object.entries(scope).map(([name, value]) => `${name} ${evidenceValue(name, value)}`);
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

/** A consequence with its title; only its id when it is not stored any more. */
function relatedText(id: string, related: readonly Incident[]): string {
  const found = related.find((one) => one.id === id);
  if (found === undefined) return id;
  return `${id} ${factsOf(found.kind).title}, since ${formatTime(Date.parse(found.started_at))} UTC`;
}

function began(one: Incident, { now, log_ended: hasEnded }: Terminal): string {
  const [start, found] = [Date.parse(one.started_at), Date.parse(one.detected_at)];
  const later = Math.max(0, (found - start) / 1_000);
  const isOpen = one.resolved_at === null;
  const end = isOpen && hasEnded === true ? ' until the log ends' : '';
  return `${formatTime(start)} UTC, found ${formatDuration(later)} later, ${isOpen ? 'lasts' : 'lasted'} ${lasted(one, now)}${end}`;
}

function lasted(one: Incident, now: number): string {
  const end = one.resolved_at === null ? now : Date.parse(one.resolved_at);
  return formatDuration(Math.max(0, (end - Date.parse(one.started_at)) / 1_000));
}

/**
 * The labels of the moments of the evidence, for an open incident and for one that is over. Each fits into the column
 * of labels.
 */
const momentNames: Readonly<Record<EvidenceMoment, Readonly<Record<'open' | 'over', string>>>> = {
  in_all: { open: 'so far', over: 'in all' },
  latest: { open: 'now', over: 'at the end' },
  before: { open: 'before', over: 'before' },
  found: { open: 'when fired', over: 'when fired' },
  fixed: { open: 'facts', over: 'facts' },
};

function labelled(name: string, text: string, width: number, paint: Painter): readonly string[] {
  const lines = wrap(printable(text), Math.max(20, width - LABEL));
  return lines.map((line, i) => `${paint((i === 0 ? name : '').padEnd(LABEL), 'dim')}${line}`);
}

function indent(mark: string, text: string, width: number): readonly string[] {
  const lines = wrap(text, Math.max(20, width - mark.length - 2));
  return lines.map((line, i) => `  ${i === 0 ? mark : ' '.repeat(mark.length)}${line}`);
}
