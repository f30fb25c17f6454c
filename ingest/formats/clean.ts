import { boundedMemo } from './bounded-memo.ts';
import { redactText } from './redact.ts';

/** Longest text of a dimension; more would only raise the number of distinct values. */
const LONGEST = 256;
/** Distinct values remembered per kind, twice over. Dimensions repeat, so the work is done once per value. */
const REMEMBERED = 8192;
/** Request ids as the APIs write them: nothing in them to redact. */
const PLAIN_ID = /^(?:req_|chatcmpl-|resp_|msg_|gen-)?[0-9a-fA-F-]{0,64}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** A part of a path that names one object rather than one kind of request. */
const OBJECT_ID =
  /^(?:[a-z]{2,12}[-_](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{10,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,}|\d{4,})$/;
/** Path parts before which comes a name that people chose: a model, a deployment, an account. */
const NAMED = /^(?:deployments|models|engines|projects|locations|publishers)$/;

/** The text as a dimension: redacted, without control characters, at most 256 characters. */
export const cleanDimension: (text: string) => string = boundedMemo(REMEMBERED, cleanText);

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
  return PLAIN_ID.test(text) ? text : cleanText(text);
}

/** One line of at most 256 characters without secrets, for values that are not worth remembering. */
export function cleanText(text: string): string {
  const start = text.length > LONGEST * 4 ? text.slice(0, LONGEST * 4) : text;
  return redactText(start.replace(CONTROL, ' ')).slice(0, LONGEST);
}
