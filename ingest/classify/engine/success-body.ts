import { readJson, unreadable } from './cut-json.ts';
import { type Decision, decisionOf } from '../rules/decision.ts';
import { describesError } from './error-member.ts';
import { readsAsError } from './error-prose.ts';
import { withoutLinePrefixes } from './error-text.ts';

/** What a body under a status below 400 shows; `nothing` means no error. */
type Shown = 'error' | 'filtered' | 'nothing';

/** The decision for a body without an error. */
export const success: Decision = decisionOf('ok', 'ok');
const filtered = decisionOf('body.content_filter', 'bad_request');
const MAX_UNWRAPPED = 3;
/** A line of a stream begins with a field name and a colon; `:` alone begins a comment. */
const streamLine = /^[>\s│|]*(?:data|event|id|retry)? ?: ?/i;
const field = /^[>\s│|]*(data|event) ?: ?(.*)$/is;
/** A line of a stream ends with any of these characters; no other character ends a line. */
const lineEnd = /\r\n|\n|\r/;
const failedEvent = /^(?:error|response\.failed|response\.error|thread\.run\.failed|exception)$/i;
/** A piece of a stream that does not match this is not an error. So most pieces need no parsing. */
const mayTellError =
  /error|exception|"code"|"status_code"|content_filter|fail|"detail"|"success"|"message"\s*:\s*"/i;
/**
 * Matches the start of damaged JSON, or of a literal of another language, but not of a transcript such as `[Music] …`.
 */
const looksLikeJson =
  /^(?:\{[>\s│|]*(?:$|\}|\\*["'“”‘’]|[\w$]+\s*:)|\[[>\s│|]*(?:$|\]|[{[]|[ub]?\\*["'“”‘’]))/i;
/** Members of results: a damaged text with one of these is a result. */
const resultKey =
  /["'](?:choices|output|data|object|usage|candidates|content|embedding|results|text|generation)["']\s*:/;

/**
 * Judges the body of an answer with a status below 400 by its form, not by its words. Returns `ok` for an ordinary
 * result, `bad_request` when moderation cut the result off, and null when the body is an error that must be judged.
 */
export function successReading(body: unknown): Decision | null {
  const shown = shownIn(body);
  if (shown === 'error') return null;
  return shown === 'filtered' ? filtered : success;
}

function shownIn(body: unknown): Shown {
  if (typeof body === 'string') return shownInText(withoutLinePrefixes(body), 0);
  // A thrown error is never the body of an answer.
  if (body instanceof Error) return 'error';
  const stream = streamOf(body);
  return stream === null ? shownInValue(body) : shownInText(stream, 0);
}

function shownInText(text: string, unwrapped: number): Shown {
  const start = text.search(/[^>\s│|]/);
  const first = start < 0 ? '' : text.charAt(start);
  if (first === '{' || first === '[' || first === '"') {
    const value = readJson(start === 0 ? text : text.slice(start));
    const inner = typeof value === 'string' ? value : streamOf(value);
    if (inner !== null) return unwrapped < MAX_UNWRAPPED ? shownInText(inner, unwrapped + 1) : 'nothing';
    if (value !== unreadable) return shownInValue(value);
  }
  if (first !== '' && isStream(text)) return shownInLines(text);
  if (looksLikeJson.test(text.slice(Math.max(0, start)))) return resultKey.test(text) ? 'nothing' : 'error';
  return readsAsError(text) ? 'error' : 'nothing';
}

/** Joins a stream whose pieces a program collected in a list; null for any other value. */
function streamOf(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const pieces = value.filter((piece) => typeof piece === 'string');
  return pieces.length === value.length && isStream(pieces[0] ?? '') ? pieces.join('\n') : null;
}

/** Whether the text is server-sent events, or has one JSON object per line. */
function isStream(text: string): boolean {
  const body = text.trimStart();
  const end = body.search(lineEnd);
  const line = (end < 0 ? body : body.slice(0, end)).trim();
  if (streamLine.test(line)) return true;
  return end >= 0 && line.startsWith('{') && line.endsWith('}') && typeof readJson(line) === 'object';
}

function shownInLines(text: string): Shown {
  let shown: Shown = 'nothing';
  // The JSON of an event may be spread over several `data` lines. A line that is not a field ends the event.
  let spread: string[] = [];
  for (const line of [...text.split(lineEnd), '']) {
    const [, name = '', data = ''] = field.exec(line) ?? [];
    const isData = name.toLowerCase() === 'data';
    if (name !== '' && !isData) {
      if (failedEvent.test(data.trim())) return 'error';
      continue;
    }
    const pieces = isData ? [data] : spread.length > 1 ? [spread.join('\n'), line] : [line];
    if (isData) spread.push(data);
    else spread = [];
    for (const piece of pieces) {
      const inPiece = shownInPiece(piece.trim());
      if (inPiece === 'error') return 'error';
      if (inPiece === 'filtered') shown = 'filtered';
    }
  }
  return shown;
}

function shownInPiece(piece: string): Shown {
  if (!/^[{["]/.test(piece) || !mayTellError.test(piece)) return 'nothing';
  const value = readJson(piece);
  return value === unreadable ? 'nothing' : shownInValue(value);
}

function shownInValue(value: unknown): Shown {
  try {
    return describesError(value) ? 'error' : isFiltered(value) ? 'filtered' : 'nothing';
  } catch {
    // A value that throws when it is read cannot be the body of an answer.
    return 'error';
  }
}

function isFiltered(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('choices' in value)) return false;
  return (
    Array.isArray(value.choices) &&
    value.choices.some(
      (choice: unknown) =>
        typeof choice === 'object' &&
        choice !== null &&
        'finish_reason' in choice &&
        choice.finish_reason === 'content_filter',
    )
  );
}
