import {
  type Decoded,
  MOST,
  type NativeRecord,
  type RejectReason,
  type RequestLog,
} from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';
import type { Format } from './format.ts';
import { mendNative, NO_OUTCOME } from './mend-native.ts';
import { readHeaders } from '../fields/headers.ts';
import { isNoError, isNoErrorText, isNoText, isNothing } from '../fields/nothing.ts';
import { parseTimestamp } from '../fields/timestamp.ts';

/** A request log, or why the record cannot be counted. */
export type NativeRead =
  | { log: RequestLog; dropped?: readonly string[] }
  | { log: null; reason: RejectReason; detail: string };

/**
 * Members that mark a line of a logger. Lines of zap also have `ts` and often `error`, so `ts` and `error` do not prove
 * that a line is a request.
 */
export const LOGGER_MEMBERS = ['level', 'levelname', 'severity', 'logger'] as const;
/** A line of a logger is a native record only if it has one of these members. */
export const CALL_MEMBERS = ['model', 'api_key'] as const;

/** The native format: each record is one request. */
export const native: Format = {
  recognises: (message) =>
    message['ts'] !== undefined &&
    (LOGGER_MEMBERS.every((name) => message[name] === undefined) ||
      CALL_MEMBERS.some((name) => message[name] !== undefined)) &&
    !(isNothing(message['status']) && isNoError(message['error']) && isNoError(message['exception'])),
  create: (cleaner) => (value, now) => decodeNative(value, now, cleaner),
};

/** Reads one record in the native format. */
function decodeNative(value: unknown, now: number, cleaner: Cleaner): Decoded {
  const read = readNative(value, now, cleaner);
  return read.log === null
    ? { kind: 'reject', reason: read.reason, detail: read.detail }
    : asDecoded(read.log, read.dropped);
}

/** The result for one counted record; `dropped` names the fields whose value could not be used. */
export function asDecoded(log: RequestLog, dropped: readonly string[] | undefined): Decoded {
  return dropped === undefined ? { kind: 'ok', records: [log] } : { kind: 'ok', records: [log], dropped };
}

/**
 * Reads one native record. Every format converts its records to native ones and calls this, so that all are checked and
 * cleaned in the same way.
 */
export function readNative(value: unknown, now: number, cleaner: Cleaner): NativeRead {
  if (isPlainNative(value)) return toRequestLog(value, now, cleaner);
  const mended = mendNative(value);
  if (mended.record === null) return { log: null, reason: 'schema', detail: mended.detail };
  const read = toRequestLog(mended.record, now, cleaner);
  return read.log === null || mended.dropped.length === 0 ? read : { ...read, dropped: mended.dropped };
}

/**
 * True exactly for the values that the schema accepts, but several times faster than the schema. A property test
 * compares both.
 */
export function isPlainNative(value: unknown): value is NativeRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const record = value as Record<keyof NativeRecord, unknown>;
  const { ts, status, error, exception, headers, stream } = record;
  return (
    (typeof ts === 'string' || (typeof ts === 'number' && ts - ts === 0)) &&
    (status === undefined || status === null || isWholeUpTo(status, 999)) &&
    (status ?? error ?? exception ?? null) !== null &&
    isText(record.request_id) &&
    isText(record.provider) &&
    isText(record.org) &&
    isText(record.project) &&
    isText(record.api_key) &&
    isText(record.client) &&
    isText(record.region) &&
    isText(record.model) &&
    isText(record.endpoint) &&
    isText(record.method) &&
    isText(exception) &&
    isUpTo(MOST.ms, record.latency_ms) &&
    isUpTo(MOST.ms, record.ttft_ms) &&
    isUpTo(MOST.tokens, record.input_tokens) &&
    isUpTo(MOST.tokens, record.output_tokens) &&
    isUpTo(MOST.usd, record.cost_usd) &&
    (record.retry_count === undefined ||
      record.retry_count === null ||
      isWholeUpTo(record.retry_count, 65_535)) &&
    (stream === undefined || stream === null || typeof stream === 'boolean') &&
    (headers === undefined || headers === null || (typeof headers === 'object' && !Array.isArray(headers))) &&
    (error === undefined || error === null || typeof error === 'string' || typeof error === 'object')
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null;
}

function isUpTo(most: number, value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value >= 0 && value <= most);
}

function isWholeUpTo(value: unknown, largest: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= largest && Math.floor(value) === value;
}

function toRequestLog(record: NativeRecord, now: number, cleaner: Cleaner): NativeRead {
  const ts = parseTimestamp(record.ts, now);
  if (typeof ts !== 'number') return { log: null, reason: ts, detail: explainTime(ts) };
  const status = record.status ?? 0;
  const error = record.error === undefined || isNoError(record.error) ? null : record.error;
  const exception = record.exception && !isNoErrorText(record.exception) ? record.exception : '';
  // `"error": ""` is the same as no error, so the record may have no outcome.
  if ((record.status ?? null) === null && error === null && exception === '')
    return { log: null, reason: 'schema', detail: NO_OUTCOME };
  const failed = error !== null || exception !== '' || status >= 400 || status === 0;
  const headers = record.headers ? readHeaders(record.headers, failed, cleaner) : null;
  const { dimensions } = cleaner;
  return {
    log: {
      ts,
      request_id: cleaner.id(firstId(record.request_id, headers?.request_id)),
      provider: dimension(dimensions.provider, record.provider) || 'openai',
      org: dimension(dimensions.org, record.org) || dimension(dimensions.org, headers?.org),
      project:
        dimension(dimensions.project, record.project) || dimension(dimensions.project, headers?.project),
      api_key: dimension(dimensions.api_key, record.api_key),
      client: dimension(dimensions.client, record.client),
      region: dimension(dimensions.region, record.region),
      model: dimension(dimensions.model, record.model),
      endpoint: dimension(dimensions.endpoint, record.endpoint),
      status,
      latency_ms: record.latency_ms ?? 0,
      ttft_ms: record.ttft_ms ?? 0,
      input_tokens: Math.round(record.input_tokens ?? 0),
      output_tokens: Math.round(record.output_tokens ?? 0),
      cost_usd: record.cost_usd ?? 0,
      retry_count: record.retry_count ?? headers?.retry_count ?? 0,
      stream: record.stream ?? false,
      headers: headers === null ? null : headers.kept,
      rate_limit: headers === null ? null : headers.rate_limit,
      error: error === null ? null : cleaner.value(error),
      exception: exception === '' ? '' : cleaner.line(exception),
    },
  };
}

/** The id in the record, otherwise the id in the headers. */
export function firstId(own: string | null | undefined, other: string | null | undefined): string {
  return own && !isNoText(own) ? own : (other ?? '');
}

function dimension(clean: (text: string) => string, text: string | null | undefined): string {
  return text ? clean(text) : '';
}

function explainTime(reason: 'bad_timestamp' | 'future_timestamp'): string {
  return reason === 'bad_timestamp'
    ? 'ts: not a time; write ISO-8601, or seconds or milliseconds since 1970, from 2015 on'
    : 'ts: more than a day ahead of the clock';
}
