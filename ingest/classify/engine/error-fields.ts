import { fieldNames } from './compile-rules.ts';
import type { Findings } from './findings.ts';

export interface ErrorFields {
  type: string;
  code: string;
  message: string;
}

const MAX_MESSAGE = 4096;
const MAX_NAME = 128;
const [MESSAGE, CODE, TYPE, STATUS, ERROR, DETAIL, RAW, MSG] = fieldNames.keys();

/**
 * Reads type, code and message of the innermost error object in a text. Call it right after `scanText` has read this
 * text with `wantFields`.
 */
export function readFields(text: string, findings: Findings): ErrorFields {
  const home = innermostMessage(text, findings);
  if (home === null) {
    return {
      type: fieldOf(text, findings, TYPE, null),
      code: fieldOf(text, findings, CODE, null),
      message: plainMessage(text),
    };
  }
  const code = fieldOf(text, findings, CODE, home.object);
  return {
    type: fieldOf(text, findings, TYPE, home.object),
    code: code === '' ? fieldOf(text, findings, STATUS, home.object) : code,
    message: home.message,
  };
}

function innermostMessage(text: string, findings: Findings): { object: number; message: string } | null {
  let found: { object: number; message: string } | null = null;
  let depth = -1;
  for (const wanted of [MESSAGE, ERROR, DETAIL, RAW, MSG]) {
    for (let i = 0; i < findings.fields.length; i += 3) {
      const object = findings.fields[i + 2] ?? -1;
      const level = findings.depths[object] ?? 0;
      if (findings.fields[i] !== wanted || level <= depth) continue;
      const message = valueAt(text, findings.fields[i + 1] ?? 0, MAX_MESSAGE);
      if (message === '' || message.startsWith('{') || message.startsWith('[')) continue;
      found = { object, message };
      depth = level;
    }
    // A `message` at any depth is better than an `error` or a `detail` that is a text.
    if (found !== null) return found;
  }
  return found;
}

/**
 * The first value of a field that has the form of a name (letters, digits and `_ . : -`); empty when there is none.
 * `object` is the number of the object to look in; null: any object.
 */
function fieldOf(
  text: string,
  findings: Findings,
  wanted: number | undefined,
  object: number | null,
): string {
  for (let i = 0; i < findings.fields.length; i += 3) {
    if (findings.fields[i] !== wanted || (object !== null && findings.fields[i + 2] !== object)) continue;
    const value = valueAt(text, findings.fields[i + 1] ?? 0, MAX_NAME);
    if (value !== '' && !/^(?:null|none|nil|undefined|<nil>)$/i.test(value) && /^[\w.:-]+$/.test(value))
      return value;
  }
  return '';
}

function plainMessage(text: string): string {
  return text.slice(0, MAX_MESSAGE).replace(/\s+/g, ' ').trim();
}

/** The value that starts at `start`: a quoted text at any level of escaping, or a bare word or sentence. */
function valueAt(text: string, start: number, limit: number): string {
  let i = start;
  if (text.startsWith('Some(', i) || text.startsWith('Optional(', i)) i = text.indexOf('(', i) + 1;
  while (text.charCodeAt(i) === 92) i++;
  const opening = text.charAt(i);
  const closing = { '"': '"', "'": "'", '`': '`', '‘': '’', '“': '”' }[opening];
  if (opening === '{' || opening === '[') return '';
  if (closing === undefined) {
    const bare = text.slice(i, i + limit);
    const end = bare.search(/[,\]})\n]|\s(?:code|type|param|message|status|error_\w{1,16})[:=]/);
    return unescapeText(end < 0 ? bare : bare.slice(0, end)).trim();
  }
  const escapes = i - firstBackslash(text, i);
  let end = i + 1;
  const stop = Math.min(text.length, i + 2 * limit);
  while (end < stop && !(text.charAt(end) === closing && end - firstBackslash(text, end) <= escapes)) end++;
  return unescapeText(text.slice(i + 1, end))
    .slice(0, limit)
    .trim();
}

/** Where the run of backslashes before `i` starts; at most 16 are checked. */
function firstBackslash(text: string, i: number): number {
  let first = i;
  while (first > i - 16 && text.charCodeAt(first - 1) === 92) first--;
  return first;
}

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  // A run of backslashes matches only from its start, because otherwise a long run would take quadratic time.
  return text
    .replace(/(?<!\\)\\+u([0-9a-fA-F]{4})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replace(/(?<!\\)\\+[nrt]/g, ' ')
    .replace(/\\+/g, '');
}
