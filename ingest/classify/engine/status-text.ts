import { isWordCode, symbols } from './normal-form.ts';
import { symbolOf } from './compile-rules.ts';
import type { Findings } from './findings.ts';

/** A number after one of these words is an HTTP status. */
const statusWords = new Set(
  (
    'status statuscode status_code httpstatus http_status http_code code errorcode error_code error ' +
    'http response api returned got received many request exception with a raised statustext ' +
    'httpcode upstream failed answered responded openai is stream'
  ).split(' '),
);

/** A number after one of these words is not an HTTP status. */
const otherNumbers = new Set(
  (
    'limit current port line used requested tokens in after position index length count id size ' +
    'latency duration timeout age max min row column lineno char errno seconds remaining step ' +
    'attempt pid version took elapsed thread at col param first of x-ratelimit-remaining-tokens'
  ).split(' '),
);

/** A number before one of these words is a quantity. */
const units =
  /^(?:tokens?|seconds?|secs?|ms|milliseconds|minutes?|mins?|hours?|bytes?|chars?|characters|items|images?|requests?|messages?|per|times|of|kb|mb|rpm|tpm|s|x|more|max|output|input|words|lines?)$/;

/** Whether the digit 4 or 5 at `i` starts a number of three digits that may be the HTTP status of a failure. */
export function mayBeStatus(text: string, i: number): boolean {
  const before = text.charCodeAt(i - 1);
  // After a letter, a digit, or one of ". - / # $" the digit is part of a longer word or number.
  if (isWordCode(before) || (before >= 45 && before <= 47) || before === 35 || before === 36) return false;
  if (!isDigit(text.charCodeAt(i + 1)) || !isDigit(text.charCodeAt(i + 2))) return false;
  const after = text.charCodeAt(i + 3);
  return !isDigit(after) && after !== 47 && after !== 37 && after !== 45 && after !== 95;
}

/**
 * The status that a text states; 0 when it states none. Statuses of the last attempt have priority, then the innermost
 * ones, then the last one.
 */
export function statedStatus(text: string, findings: Findings): number {
  const { numberCount, numbers, numbersAt, numberRanks } = findings;
  let bound = Number.POSITIVE_INFINITY;
  for (;;) {
    let rank = -1;
    for (let i = 0; i < numberCount; i++) {
      const candidate = numberRanks[i] ?? 0;
      if (candidate > rank && candidate < bound) rank = candidate;
    }
    if (rank < 0) return 0;
    for (let i = numberCount - 1; i >= 0; i--) {
      const at = numbersAt[i] ?? 0;
      const number = numbers[i] ?? 0;
      if (numberRanks[i] !== rank || !isHttpStatus(number)) continue;
      if (endsThere(text, at + 3) && isIntroduced(text, at)) return number;
    }
    bound = rank;
  }
}

/** Whether servers send this status. They never send other numbers, such as 443 and 480. */
function isHttpStatus(status: number): boolean {
  return (
    (status <= 431 && status !== 420) || status === 451 || status === 499 || (status >= 500 && status <= 530)
  );
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function endsThere(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  // "status code 429This request": a sentence may follow without a space, an identifier may not.
  if (isWordCode(code)) {
    const capital = code >= 65 && code <= 90;
    return capital && /^[A-Z][a-z]+ /.test(text.slice(i, i + 24));
  }
  const after = text.charCodeAt(i + 1);
  if ((code === 46 || code === 58 || code === 44) && isDigit(after)) return false;
  const word = /^[\s'"`]{0,3}\/? ?([a-z]+)(?![a-z:=_])/.exec(text.slice(i, i + 24))?.[1];
  return word === undefined || !units.test(word) || /^[\s'"`]{0,3}error/.test(text.slice(i, i + 24));
}

function isIntroduced(text: string, i: number): boolean {
  if (i === 0) return true;
  let at = i - 1;
  const limit = Math.max(0, i - 16);
  while (at > limit && isGap(text, at)) at--;
  const code = text.charCodeAt(at);
  if (at === 0 && isGap(text, 0)) return true;
  // "(429)", "[429 Too Many Requests]", "<h1>502 Bad Gateway", "| 524: A timeout occurred".
  if (code === 40 || code === 91) return text.charCodeAt(i + 3) !== 44;
  if (code === 62 || code === 124) return /^(?:\d{3})(?::| [A-Z])/.test(text.slice(i, i + 6));
  const word = wordBefore(text, code === 58 || code === 61 || code === 62 || code === 44 ? at - 1 : at);
  if (otherNumbers.has(word)) return false;
  if (/^\d$/.test(word)) return /http\/[\d.]{1,3}['"`\s]*$/i.test(text.slice(Math.max(0, i - 16), i));
  if (statusWords.has(word) || word.endsWith('error') || word.endsWith('code') || word.endsWith('status'))
    return true;
  // "api.openai.com:443" is a port, "12:500" a line of a file.
  if (code === 58 && at === i - 1) return false;
  // At the start of a line, or after any prefix with a colon, if a sentence or a body follows.
  const opening = code === 58 || code === 93 || code === 41 || text.slice(at + 1, i).includes('\n');
  return (
    opening &&
    /^\d{3}(?:$|[\s:]{0,2}['"`{<\\([]|:? [A-Z]|: [a-z]|\s*$| - | status | [a-z]+ )/.test(
      text.slice(i, i + 16),
    )
  );
}

function isGap(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  const symbol = symbolOf[code];
  return (
    (symbol === symbols.space && code !== 124) ||
    symbol === symbols.quote ||
    symbol === symbols.backslash ||
    symbol === symbols.ignored
  );
}

/** The word that ends at or before `at`, in lower case, without brackets and quotes around it. */
function wordBefore(text: string, at: number): string {
  let end = at;
  const limit = Math.max(-1, at - 12);
  while (end > limit && (isGap(text, end) || ')]:'.includes(text.charAt(end)))) end--;
  let start = end;
  while (start > end - 32 && start >= 0 && /[\w-]/.test(text.charAt(start))) start--;
  return text.slice(start + 1, end + 1).toLowerCase();
}
