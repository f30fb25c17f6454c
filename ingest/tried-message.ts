import { errorClasses } from '../domain/error-class.ts';
import type { Decoded, RequestLog } from '../domain/request-log.ts';
import type { FoldedIds, Privacy } from '../domain/settings.ts';
import { Cleaner } from './fields/clean.ts';
import type { DecoderOptions } from './formats/decode.ts';
import { createTracer, type TracedField, type TracedRecord } from './formats/trace.ts';
import { failureOf } from './rows/judged-error.ts';

/** The explanation of one request: its class, the rule that gave it, and what to do. */
export interface TriedRequest {
  class: string;
  title: string;
  subclass: string;
  rule: string;
  fault: string;
  retry: string;
  wait_seconds: number | null;
  /** In order. */
  remedy: readonly string[];
  owner: string;
}

/** How one record was read, and whether it is counted. */
export interface TriedRecord extends Pick<TracedRecord, 'format' | 'outcome' | 'ignored' | 'dropped'> {
  /** Times are ISO-8601. */
  fields: readonly TracedField[];
  requests: readonly TriedRequest[];
}

/** The complete explanation of one message, without secrets; `faultline try --json` prints it. */
export interface TriedMessage {
  outcome: TracedRecord['outcome'];
  /**
   * The records that a format recognises: one, or several if the message holds several; none when no format recognises
   * it.
   */
  records: readonly TriedRecord[];
  /**
   * Further records of the message that no format recognises: dead letters, each with the beginning of its redacted
   * text.
   */
  unread: readonly { reason: string; detail: string; text: string }[];
  /** The beginning of a message that could not be read, redacted; otherwise empty. */
  text: string;
}

/** How many characters of an unread record or message are shown. */
const MOST_TEXT = 300;
/** Longest path shown, in characters: some logs have values as names. */
const MOST_PATH = 120;

/**
 * Makes a function that reads a message as a worker does and explains how: the format, every field with its path, the
 * class, rule and remedy, and the ignored paths, or why it is not counted. `now` is epoch milliseconds. Throws a
 * `MappingFault` when the mapping is wrong.
 */
export function createTrial(
  options: DecoderOptions & { privacy?: Privacy; names?: { ids: FoldedIds } },
): (value: Buffer | null, now: number) => TriedMessage {
  const cleaner = new Cleaner(options.privacy, options.names?.ids);
  const trace = createTracer(options, cleaner);
  const path = (text: string): string => cleaner.line(text).slice(0, MOST_PATH);
  return (value, now) => {
    const { decoded, records } = trace(value, now);
    const isRead = decoded.kind !== 'reject';
    return {
      outcome: outcomeOf(decoded),
      records: records.map(({ format, outcome, logs, fields, ignored, dropped }) => ({
        format,
        outcome,
        requests: logs.map(judge),
        fields: fields.filter(says).map((field) => ({
          ...field,
          value: field.field === 'ts' ? new Date(Number(field.value)).toISOString() : field.value,
          from: field.from.map(path),
        })),
        ignored: ignored.map(path),
        dropped,
      })),
      unread: unreadParts(decoded),
      text: isRead || value === null ? '' : cleaner.message(value).slice(0, MOST_TEXT),
    };
  };
}

/**
 * The parts that no format recognises. A part that a format recognises is among the traced records, even when it is a
 * dead letter.
 */
function unreadParts(decoded: Decoded): TriedMessage['unread'] {
  const rejected = decoded.kind === 'ok' ? (decoded.rejected ?? []) : [];
  return rejected
    .filter(({ reason }) => reason === 'unknown_format')
    .map(({ reason, detail, body }) => ({ reason, detail, text: body.slice(0, MOST_TEXT) }));
}

function outcomeOf(decoded: Decoded): TracedRecord['outcome'] {
  if (decoded.kind === 'ok') return { kind: 'counted' };
  if (decoded.kind === 'skip') return { kind: 'skipped', reason: decoded.reason };
  return { kind: 'dead', reason: decoded.reason, detail: decoded.detail };
}

/**
 * Whether a field is shown. Empty values are left out, and so is a 0 or false that was not read from the record: a
 * success, for example, has no error.
 */
function says({ value, from }: TracedField): boolean {
  if (value === '' || value === null) return false;
  return from.length > 0 || !(value === 0 || value === false);
}

function judge(log: RequestLog): TriedRequest {
  const failure = failureOf(log)?.classification;
  const name = failure?.class ?? 'ok';
  const { title, remedy, owner } = errorClasses[name];
  return {
    class: name,
    title,
    subclass: failure?.subclass ?? '',
    rule: failure?.rule ?? 'ok',
    fault: failure?.fault ?? 'unknown',
    retry: failure?.retry ?? 'no',
    wait_seconds: failure?.wait_seconds ?? null,
    remedy,
    owner,
  };
}
