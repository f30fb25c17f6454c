import type { InputReport } from '../../ingest/input-report.ts';
import type { RejectReason } from '../../domain/request-log.ts';
import type { RecordUnit } from '../../ingest/sources/unpack.ts';
import { formatCount } from './numbers.ts';

/** The unit of an input: lines, JSON documents or rows of a file or a stream, or records of a topic. */
export type InputUnit = RecordUnit | 'record';

/** The common unit of several inputs. */
export function commonUnit(units: readonly InputUnit[]): InputUnit {
  const [first = 'line'] = units;
  return units.every((unit) => unit === first) ? first : 'record';
}

const skipWords: Readonly<Record<string, string>> = {
  tombstone: 'empty',
  no_request: 'without a request in it',
  partial_line: 'as parts of longer lines',
};
const LONGEST = 120;

/**
 * The report on an input: `read 400 lines: 390 requests counted, 4 skipped (…), 6 dead`, then a line for each reason of
 * dead letters with its first example, and a line about answers without a body.
 */
export function reportInput(report: InputReport, unit: InputUnit): string[] {
  const bare = [bareAnswers(429, report.answers_429), bareAnswers(503, report.answers_503)];
  return [sumOfInput(report, unit), ...deadReasons(report, unit), ...bare.filter((line) => line !== '')];
}

const unknownCauses = {
  429: 'rate limit, exhausted quota and Slow Down cannot be distinguished, and all are counted as rate_limit; log the body, in the native format as error (docs/errors/rate_limit.md#without-a-body)',
  503: 'overload, Slow Down and a broken server cannot be distinguished, and all are counted as server_error; log the body, in the native format as error (docs/errors/server_error.md)',
};

/** Says how many answers with this status have no body, and how they were counted; empty when all have one. */
export function bareAnswers(
  status: keyof typeof unknownCauses,
  { answers, bare }: InputReport['answers_429'],
): string {
  if (bare === 0) return '';
  return `${formatCount(bare)} of ${plural(answers, 'answer')} with ${status} ${bare === 1 ? 'has' : 'have'} no body that says why: ${unknownCauses[status]}`;
}

/** The first line of `reportInput`. */
export function sumOfInput(report: InputReport, unit: InputUnit): string {
  const skips = Object.entries(report.skipped);
  const skipped = skips.reduce((sum, [, count]) => sum + count, 0);
  const dead = report.dead.reduce((sum, { count }) => sum + count, 0);
  const why = skips.map(([reason, count]) => `${formatCount(count)} ${skipWord(reason)}`).join(', ');
  const dropped = droppedFields(report.dropped);
  return [
    `read ${plural(report.read, unit)}: ${plural(report.requests, 'request')} counted`,
    `${formatCount(skipped)} skipped${skipped === 0 ? '' : ` (${why})`}`,
    `${formatCount(dead)} dead`,
    ...foldedParts(report),
    ...(dropped === '' ? [] : [dropped]),
  ].join(', ');
}

/** Requests that were counted under `(other)` because of `names.most`, by dimension. */
function foldedParts({ folded }: InputReport): string[] {
  const parts = Object.entries(folded).map(
    ([dimension, count]) => `${formatCount(count)} as ${dimension} (other)`,
  );
  return parts.length === 0
    ? []
    : [`counted together because of too many values: ${parts.join(', ')} (names.most)`];
}

/**
 * The line about an input that was not read to its end, or about a last line that was not counted; null when all was
 * read.
 */
export function endLine(
  { name, damage, unfinished }: { name: string; damage: string | null; unfinished: number },
  unit: InputUnit,
): string | null {
  const bytes = `${formatCount(unfinished)} bytes`;
  if (damage !== null)
    return `${damage}: everything before that is counted${unfinished === 0 ? '' : `, except for the ${unit} that it cuts off (${bytes})`}`;
  if (unfinished === 0) return null;
  return `${name} ends in a ${unit} that is not finished (${bytes}): it is counted when it is whole and the file is read again`;
}

/** What to do with a log of plain text, which no mapping can read. */
export const WRITE_JSON =
  'write the log as JSON, one object per line: Python and Node by a file to copy (examples/README.md), nginx by log_format (docs/formats/nginx.md), other applications by the JSON formatter of their logger (docs/formats/app-loggers.md); a line needs no more than {"ts":"2026-03-01T03:00:00Z","status":429,"error":"text of the exception"}';

/**
 * Why nothing was counted from `name`, what to try, and a line for each reason; no lines when something was counted.
 */
export function nothingCounted(report: InputReport, name: string, unit: InputUnit): string[] {
  if (report.requests > 0) return [];
  if (report.read === 0) return [`${name} is empty: there was nothing to read`];
  const [most] = report.dead;
  const skips = Object.entries(report.skipped);
  const advice = most === undefined ? skipAdvice(report) : advices[most.reason];
  const file = name.includes(' ') ? 'FILE' : name;
  return [
    `${name}: ${plural(report.read, unit)}, none is a request; ${advice}`,
    ...deadReasons(report, unit),
    ...skips.map(([reason, count]) => `  ${formatCount(count)} ${skipWord(reason)}`),
    most?.reason === 'not_json' || (most === undefined && isAllText(report))
      ? `  ${WRITE_JSON}`
      : `  faultline try ${file} shows how each is read, faultline init ${file} proposes a mapping`,
  ];
}

/** One line for each reason, the most frequent first. */
function deadReasons(report: InputReport, unit: InputUnit): string[] {
  return report.dead.map((one) => `  ${deadReason(one, unit)}`);
}

/** Fields of counted records whose value could not be used, the most frequent first; empty when there are none. */
export function droppedFields(dropped: Readonly<Record<string, number>>): string {
  const fields = Object.entries(dropped).sort(([, a], [, b]) => b - a);
  const counts = fields.map(([field, count]) => `${field} of ${plural(count, 'request')}`).join(', ');
  return fields.length === 0 ? '' : `left out as unreadable: ${counts}`;
}

/** The reason as words; a mapping joins the words of a reason by `_`. */
function skipWord(reason: string): string {
  return skipWords[reason] ?? reason.replaceAll('_', ' ');
}

function deadReason({ reason, count, first }: InputReport['dead'][number], unit: InputUnit): string {
  const place =
    unit === 'record' ? `${first.topic}/${first.partition}@${first.offset}` : `${unit} ${first.offset + 1}`;
  const text = first.text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `${formatCount(count)} ${reason}, first: ${place}: ${first.detail}${shown === '' ? '' : `: '${shown}'`}`;
}

/** True for the log of a container whose lines are mostly plain text of the application, in JSON. */
function isAllText({ read, skipped }: InputReport): boolean {
  return (skipped['plain_text'] ?? 0) > read / 2;
}

function skipAdvice(report: InputReport): string {
  const { skipped } = report;
  if (isAllText(report)) return 'what the application wrote is text, in which no mapping finds a field';
  if ((skipped['other_traffic'] ?? 0) > 0)
    return 'none has the path of an LLM API, the host of a provider, or a model in it (docs/formats/nginx.md says how to name paths of your own)';
  return (skipped['no_request'] ?? 0) > 0
    ? 'spans and events count when they describe a request to a model (docs/formats/otel.md), lines of a logger when they have a model or the words of an API in them (docs/formats/app-loggers.md)'
    : 'check whether it is the right file';
}

const anotherShape =
  'set format to one of those in docs/formats/README.md, or map your own fields (docs/formats/mapped.md)';
const advices: Record<RejectReason, string> = {
  not_json: 'a record has to be a JSON object, or a row of CSV under a header',
  not_utf8: 'write it in UTF-8, for example with: iconv -f latin1 -t utf-8 FILE | faultline replay -',
  too_large:
    "leave prompts and answers out of the log: a record has at most 1 MiB (for a list within an object, try: jq -c '.data[]' FILE | faultline replay -)",
  too_deep: 'it is nested deeper than 64: leave prompts and answers out of the log',
  schema: `correct what is named, or ${anotherShape}`,
  bad_timestamp:
    'correct the time (ISO-8601, or seconds to nanoseconds since 1970), or map it from another field',
  future_timestamp: 'correct the clock or the zone of the program that wrote it',
  mapping: 'correct the mapping: the detail names field and path',
  unknown_format: anotherShape,
  refused_by_store: 'see faultline dead-letters list',
  unreadable_batch: 'the bytes are damaged: see the detail',
};

function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}
