import type { TriedMessage, TriedRecord, TriedRequest } from '../../ingest/tried-message.ts';
import type { Painter } from './color.ts';
import { clip, printable } from './text.ts';

/** A mapping may help after these reasons: the message is JSON, but no time or outcome was found. */
const MAPPABLE: ReadonlySet<string> = new Set(['unknown_format', 'schema', 'mapping']);

/** At most this many ignored paths are named. */
const MOST_IGNORED = 12;

/** Lines about one message; `place` names it, such as `line 3`. */
export function triedLines(
  { outcome, records, text }: TriedMessage,
  place: string,
  { width, paint }: { width: number; paint: Painter },
): string[] {
  const lines = records.flatMap((record, i) => {
    const at = records.length === 1 ? place : `${place}, record ${i + 1}`;
    return [heading(record, at, paint), ...details(record)];
  });
  if (records.length === 0) lines.push(`${paint(place, 'bold')}: ${outcomeText(outcome, paint)}`);
  if (text !== '') lines.push(`  read        ${text.replaceAll(/\s+/g, ' ')}`);
  if (records.length === 0 && outcome.kind === 'dead' && MAPPABLE.has(outcome.reason))
    lines.push('  do          propose a mapping of its fields with: faultline init FILE');
  const isText = outcome.kind !== 'counted' && ['not_json', 'plain_text'].includes(outcome.reason);
  if (records.length === 0 && isText)
    lines.push(
      '  do          write the log as JSON, one object per line: examples/README.md, docs/formats/native.md',
    );
  return lines.map((line) => clip(line, width));
}

function heading({ format, outcome, requests }: TriedRecord, place: string, paint: Painter): string {
  const classes = [...new Set(requests.map((request) => request.class))];
  const [request] = requests;
  const classText =
    classes.length === 1 && request !== undefined
      ? `${paint(request.class, request.class === 'ok' ? 'green' : 'red')} (${request.title})`
      : classes.join(', ');
  const many = requests.length > 1 ? `${requests.length} requests, ` : '';
  const what = outcome.kind === 'counted' ? `counted: ${many}${classText}` : outcomeText(outcome, paint);
  return `${paint(place, 'bold')}: ${format}, ${what}`;
}

function outcomeText(outcome: TriedMessage['outcome'], paint: Painter): string {
  if (outcome.kind === 'counted') return 'counted';
  if (outcome.kind === 'skipped')
    return `${paint('skipped', 'yellow')}: ${outcome.reason.replaceAll('_', ' ')}`;
  return `${paint('dead letter', 'red')}: ${outcome.reason}: ${outcome.detail}`;
}

/**
 * Formats that are read by code and not by a mapping. If a value of such a format equals no field of the record, the
 * code computed it from fields.
 */
const PROGRAMS: ReadonlySet<string> = new Set(['otel-genai', 'litellm']);

function details({ format, fields, requests, ignored, dropped }: TriedRecord): string[] {
  const failed = requests.find((request) => request.class !== 'ok');
  const lines = failed === undefined ? [] : judgement(failed);
  for (const { field, value, from } of fields) {
    const other = PROGRAMS.has(format) ? '(computed)' : '(not from the record)';
    const origin = from.length === 0 ? other : `← ${from.join(', ')}`;
    lines.push(`  ${field.padEnd(14)}${clip(shown(value), 60)}  ${origin}`);
  }
  if (dropped.length > 0) lines.push(`  unreadable    ${dropped.join(', ')}: left out, and counted as such`);
  if (ignored.length > 0) {
    const more = ignored.length > MOST_IGNORED ? `, and ${ignored.length - MOST_IGNORED} more` : '';
    lines.push(`  ignored       ${ignored.slice(0, MOST_IGNORED).join(', ')}${more}`);
  }
  return lines;
}

function judgement({ rule, subclass, fault, retry, wait_seconds, remedy, owner }: TriedRequest): string[] {
  const wait = wait_seconds === null ? '' : ` of ${wait_seconds} s`;
  const retries =
    retry === 'no' ? 'never succeeds' : retry === 'yes' ? 'may succeed' : `may succeed after a wait${wait}`;
  return [
    `  rule          ${rule}${subclass === '' ? '' : ` (${subclass})`}; fault: ${fault}; a retry ${retries}`,
    ...remedy.map((step, i) => `  ${i === 0 ? 'remedy' : '      '}        ${step}`),
    `  owner         ${owner}`,
  ];
}

function shown(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
