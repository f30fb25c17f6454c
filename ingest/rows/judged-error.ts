import type { Classification } from '../../domain/classification.ts';
import type { RequestLog } from '../../domain/request-log.ts';
import { conclude, readError, type Reading } from '../classify/classify.ts';
import type { ErrorFields } from '../classify/engine/error-fields.ts';
import { tsvFields } from '../../store/tsv.ts';

/** Longest stored body and message, in characters. */
export const BODY_LIMIT = 8 * 1024;
const MESSAGE_LIMIT = 4 * 1024;

/** What an error event holds besides dimensions and the measures that are counted. */
export interface Failure {
  request_id: string;
  classification: Classification;
  headers: RequestLog['headers'];
  stream: boolean;
  /** The result of `errorFields` for the error. */
  fields: Uint8Array;
}

/**
 * The judgement of an error. The judgement depends only on status, provider and texts, so requests with the same error
 * can share it.
 */
export interface JudgedError {
  reading: Reading;
  /** The result of `errorFields` for the error. */
  fields: Uint8Array;
}

/** Judges a redacted error; null when it turns out to be a success. */
export function judgeError(
  log: Pick<RequestLog, 'provider' | 'status' | 'error' | 'exception'>,
): JudgedError | null {
  const { fields, ...reading } = readError(log);
  if (reading.decision.class === 'ok') return null;
  return { reading, fields: errorFields(fields, log.error, log.exception) };
}

/** The failure that a request log describes; null when it describes a success. */
export function failureOf(log: RequestLog): Failure | null {
  // Most records are plain successes, which the rules do not need to see.
  if (log.error === null && log.exception === '' && log.status >= 200 && log.status < 400) return null;
  const judged = judgeError(log);
  if (judged === null) return null;
  const { request_id, headers, stream } = log;
  return {
    request_id,
    classification: conclude(judged.reading, headers),
    headers,
    stream,
    fields: judged.fields,
  };
}

/** Type, code, message, body and exception as TabSeparated fields, in the order of `eventColumns`. */
export function errorFields(texts: ErrorFields, error: unknown, exception: string): Uint8Array {
  const message = texts.message.slice(0, MESSAGE_LIMIT);
  return Buffer.from(tsvFields([texts.type, texts.code, message, bodyText(error), exception]));
}

function bodyText(error: unknown): string {
  if (error === null || error === undefined) return '';
  const text = typeof error === 'string' ? error : JSON.stringify(error);
  return text.slice(0, BODY_LIMIT);
}
