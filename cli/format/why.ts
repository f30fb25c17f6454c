import { type Why, type WhyAnswer } from '../../analyzers/why.ts';
import { whyReasons } from '../../analyzers/why-not.ts';
import type { Incident, Scope } from '../../domain/incident.ts';
import { describeScope } from '../../analyzers/narrow-scope.ts';
import { createPainter } from './color.ts';
import type { Terminal } from './incidents.ts';
import { formatCount, formatDuration, formatTime } from './numbers.ts';
import { printable, wrap } from './text.ts';

export interface WhyFound {
  kind: string;
  scope: Scope;
  /** Epoch seconds. */
  at: number;
  /**
   * Start of the time for which the settings used here were valid, epoch seconds; null when the present settings were
   * used.
   */
  settings_since: number | null;
  /** Incidents that were pending at that time and fired later. */
  pending: readonly Incident[];
  why: Why;
}

const outcomes: Readonly<Record<WhyAnswer['level'], string>> = {
  breach: 'over the threshold',
  lingering: 'lingers',
  healthy: 'no breach',
  no_data: 'no data',
};
const LABEL = 12;
const READABLE = 110;

/** The numbers, the thresholds and the outcome for each identity in the scope. */
export function whyInFull(found: WhyFound, { width: columns, color }: Terminal): readonly string[] {
  const paint = createPainter(color);
  const width = Math.min(columns, READABLE);
  const field = (name: string, text: string): string[] =>
    wrap(printable(text), Math.max(20, width - LABEL)).map(
      (line, i) => `${paint((i === 0 ? name : '').padEnd(LABEL), 'dim')}${line}`,
    );
  const { why, kind, scope, pending } = found;
  const time = `${formatTime(why.evaluated_at * 1000)} UTC`;
  const lines = [
    ...wrap(printable(`${kind} for ${describeScope(scope)}, evaluated ${time}`), width),
    ...why.answers.flatMap((one) => [
      '',
      paint(printable(`${identityText(one)}: ${outcomes[one.level]}`), 'bold'),
      ...field('why', capital(whyReasons[one.reason])),
      ...field('counts', countsText(one)),
      ...field('thresholds', numbersText(one.thresholds)),
      ...foundText(one).flatMap((text) => field('found', text)),
      ...(one.not_told_apart.length === 0
        ? []
        : field(
            'beyond',
            `this kind does not distinguish values of ${one.not_told_apart.join(', ')}: all are judged together`,
          )),
      ...one.incidents.flatMap(({ id, state, scope: whose }) =>
        field('incident', `${id} was ${state} for ${describeScope(whose)}`),
      ),
    ]),
    ...(why.reason === null ? [] : ['', ...field('why', capital(whyReasons[why.reason]))]),
    ...(why.last_request_at === null
      ? []
      : field('last seen', `${formatTime(why.last_request_at * 1000)} UTC`)),
    ...pending.flatMap(({ id, detected_at }) =>
      field('pending', `${id}, which fired at ${formatTime(Date.parse(detected_at))} UTC`),
    ),
    ...(why.is_cut ? ['', 'More organizations have this scope: name one with --where org=…'] : []),
    '',
    ...field(
      'settings',
      found.settings_since === null
        ? 'the present ones: no analyzer had stored settings that this version reads by that time'
        : `those that were valid since ${formatTime(found.settings_since * 1000)} UTC`,
    ),
  ];
  return lines;
}

/** Converts the answer to a JSON value; times are ISO-8601. */
export function whyAsJson({ kind, scope, at, settings_since, pending, why }: WhyFound): object {
  const iso = (seconds: number | null): string | null =>
    seconds === null ? null : new Date(Math.round(seconds * 1000)).toISOString();
  return {
    kind,
    scope,
    at: iso(at),
    evaluated_at: iso(why.evaluated_at),
    settings_since: iso(settings_since),
    reason: why.reason,
    last_request_at: iso(why.last_request_at),
    is_cut: why.is_cut,
    answers: why.answers.map(({ level, reason, last_request_at: last, ...one }) => ({
      outcome: level,
      reason,
      why: whyReasons[reason],
      ...one,
      last_request_at: iso(last),
    })),
    pending: pending.map(({ id }) => id),
  };
}

function countsText({ matching, requests, window_seconds: seconds }: WhyAnswer): string {
  const all = `${formatCount(requests)} requests in ${formatDuration(seconds)}`;
  return matching === requests ? all : `${formatCount(matching)} of ${all} are matching answers`;
}

function foundText({ found }: WhyAnswer): string[] {
  const text = numbersText(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)));
  return text === '' ? [] : [text];
}

function identityText({ identity }: WhyAnswer): string {
  return Object.entries(identity)
    .map(([name, value]) => `${name} ${value === '' ? '(none)' : value}`)
    .join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `failed requests 1,204, failed share 0.31`. */
function numbersText(numbers: Readonly<Record<string, unknown>>): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${valueText(value)}`)
    .join(', ');
}

function valueText(value: unknown): string {
  if (typeof value === 'number')
    return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? printable(value) : '-';
}
