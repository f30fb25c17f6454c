import { boundedMemo } from '../bounded-memo.ts';
import { redactText } from './redact.ts';

/** Longest text of a dimension; more would only raise the number of distinct values. */
const LONGEST = 256;
/** Distinct values remembered per kind, twice over. Dimensions repeat, so the work is done once per value. */
const REMEMBERED = 4096;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
/** A part of a path that names one object rather than one kind of request. */
const OBJECT_ID =
  /^(?:[a-z]{2,12}[-_](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{10,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,}|\d{4,})$/;
/** Path parts before which comes a name that people chose: a model, a deployment, an account. */
const NAMED = /^(?:deployments|models|engines|projects|locations|publishers)$/;

/**
 * A function that makes a text a dimension: redacted, without control characters, at most 256 characters. One for each
 * dimension, so that each remembers its own values.
 */
export function dimensionCleaner(): (text: string) => string {
  return boundedMemo(REMEMBERED, cleanText);
}

/** A provider's name in lower case, cleaned. */
export const cleanProvider: (text: string) => string = boundedMemo(REMEMBERED, (text) =>
  cleanText(text.trim().toLowerCase()),
);

/** Path of an endpoint without query and fragment, with `{id}` in place of ids, so that endpoints stay few. */
export const cleanEndpoint: (text: string) => string = boundedMemo(REMEMBERED, (text) => {
  const parts = (text.split(/[?#]/, 1)[0] ?? '').split('/');
  const path = parts.map((part, at) =>
    OBJECT_ID.test(part) && !NAMED.test(parts[at - 1] ?? '') ? '{id}' : part,
  );
  return cleanText(path.join('/'));
});

/** A request id, cleaned; not remembered, because each comes once. */
export function cleanId(text: string): string {
  return isPlainId(text) ? text : cleanText(text);
}

/** True for ids as the APIs write them, hex digits after `req_` or nothing: there is nothing in them to redact. */
function isPlainId(text: string): boolean {
  if (text.length > 68) return false;
  for (let at = text.startsWith('req_') ? 4 : 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    const hex = (char >= 48 && char <= 57) || (char >= 97 && char <= 102) || char === 45;
    if (!hex) return false;
  }
  return true;
}

/** One line of at most 256 characters without secrets, for values that are not worth remembering. */
export function cleanText(text: string): string {
  const start = text.length > LONGEST * 4 ? text.slice(0, LONGEST * 4) : text;
  return redactText(start.replace(CONTROL, ' ')).slice(0, LONGEST);
}
