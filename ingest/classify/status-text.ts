import { isWordCode, symbols } from './folding.ts';
import { symbolOf } from './compiled.ts';

/** Words after which a bare number is an HTTP status. */
const statusWords = new Set([
  'status', 'statuscode', 'status_code', 'httpstatus', 'http_status', 'http_code', 'code', 'errorcode', 'error_code',
  'error', 'http', 'response', 'api', 'returned', 'got', 'received', 'many', 'request', 'exception', 'with', 'a', 'raised',
  'statustext', 'httpcode', 'upstream', 'failed', 'answered', 'responded', 'openai', 'is', 'stream',
]);

/** Keys whose numbers are something else. */
const otherNumbers = new Set([
  'limit', 'current', 'port', 'line', 'used', 'requested', 'tokens', 'in', 'after', 'position', 'index', 'length',
  'count', 'id', 'size', 'latency', 'duration', 'timeout', 'age', 'max', 'min', 'row', 'column', 'lineno', 'char',
  'errno', 'seconds', 'remaining', 'step', 'attempt', 'pid', 'version', 'took', 'elapsed', 'thread', 'at', 'col', 'param',
  'first', 'of', 'x-ratelimit-remaining-tokens',
]);

/** Words after a number that make it a measure. */
const units = /^(?:tokens?|seconds?|secs?|ms|milliseconds|minutes?|mins?|hours?|bytes?|chars?|characters|items|images?|requests?|messages?|per|times|of|kb|mb|rpm|tpm|s|x|more|max|output|input|words|lines?)$/;

/** The failed HTTP status (400 to 599) stated at this digit, or 0 when the number there is something else. */
export function statusAt(text: string, i: number): number {
  if (isWordCode(text.charCodeAt(i - 1))) return 0;
  const tens = text.charCodeAt(i + 1) - 48;
  const ones = text.charCodeAt(i + 2) - 48;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return 0;
  if (!endsThere(text, i + 3) || !isIntroduced(text, i)) return 0;
  return (text.charCodeAt(i) - 48) * 100 + tens * 10 + ones;
}

function endsThere(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  // "status code 429This request": a sentence may follow without a gap, an identifier may not.
  if (isWordCode(code)) {
    const capital = code >= 65 && code <= 90;
    return capital && /^[A-Z][a-z]+ /.test(text.slice(i, i + 24));
  }
  const after = text.charCodeAt(i + 1);
  const digitAfter = after >= 48 && after <= 57;
  if ((code === 46 || code === 58 || code === 44) && digitAfter) return false;
  if (code === 47 || code === 37 || code === 45) return false;
  const word = /^[\s'"`]{0,3}\/? ?([a-z]+)/.exec(text.slice(i, i + 24))?.[1];
  return word === undefined || !units.test(word) || /^[\s'"`]{0,3}error/.test(text.slice(i, i + 24));
}

function isIntroduced(text: string, i: number): boolean {
  const before = text.charCodeAt(i - 1);
  if (i === 0) return true;
  if (isWordCode(before) || before === 46 || before === 45 || before === 47 || before === 35 || before === 36) return false;
  let at = i - 1;
  const limit = Math.max(0, i - 16);
  while (at > limit && isGap(text, at)) at--;
  const code = text.charCodeAt(at);
  if (at === 0 && isGap(text, 0)) return true;
  // "(429)", "[429 Too Many Requests]", "<h1>502 Bad Gateway", "| 524: A timeout occurred".
  if (code === 40 || code === 91) return text.charCodeAt(i + 3) !== 44;
  if (code === 62 || code === 124) return /^(?:\d{3})(?::| [A-Z])/.test(text.slice(i, i + 6));
  const word = wordBefore(text, code === 58 || code === 61 || code === 62 ? at - 1 : at);
  if (otherNumbers.has(word)) return false;
  if (/^\d$/.test(word)) return /http\/[\d.]{1,3}['"`\s]*$/i.test(text.slice(Math.max(0, i - 16), i));
  if (statusWords.has(word) || word.endsWith('error') || word.endsWith('code') || word.endsWith('status')) return true;
  // A new line, or any prefix with a colon, when a sentence or a body follows.
  const opening = code === 58 || code === 93 || code === 41 || text.slice(at + 1, i).includes('\n');
  return opening && /^\d{3}(?:$|[\s:]{0,2}['"`{<\\(\[]|:? [A-Z]|: [a-z]|\s*$| - | status | [a-z]+ )/.test(text.slice(i, i + 16));
}

function isGap(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  const symbol = symbolOf[code];
  return (symbol === symbols.space && code !== 124) || symbol === symbols.quote || symbol === symbols.backslash || symbol === symbols.ignored;
}

/** The word that ends at or before `at`, in lower case, without the brackets and quotes round it. */
function wordBefore(text: string, at: number): string {
  let end = at;
  const limit = Math.max(-1, at - 12);
  while (end > limit && (isGap(text, end) || text.charCodeAt(end) === 93 || text.charCodeAt(end) === 41)) end--;
  let start = end;
  while (start > end - 32 && start >= 0 && (isWordCode(text.charCodeAt(start)) || text.charCodeAt(start) === 45)) start--;
  return text.slice(start + 1, end + 1).toLowerCase();
}
