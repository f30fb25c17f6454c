import { ROW_BITS } from './automaton.ts';
import { automaton, endingMeanings, type Meaning, meanings, symbolOf } from './compiled.ts';
import { foldText, isWordCode, symbols } from './folding.ts';
import { isValueOfCode, startOfPhrase, valueStart } from './places.ts';
import { orderedRules } from './rules.ts';
import { statusAt } from './status-text.ts';

/** How deep and how late in a text something stands: later attempts first, then the innermost. */
export const RANK_ATTEMPT = 1024;

/** What one pass over a text found. The next call of `scanText` writes over it. */
export interface Findings {
  /** How many of `rules` are set. */
  count: number;
  /** Orders of the rules whose phrases stand in the text, each once. */
  rules: Int32Array;
  /** By rule: attempt * RANK_ATTEMPT + depth of the best place; -1 when only in a silent value. */
  ranks: Int32Array;
  /** Bits of the hints that show. */
  hints: number;
  /** The innermost HTTP status that the text states, 0 when none. */
  status: number;
  /** Where the last duration to wait may stand, -1 when none. */
  waitAt: number;
  /** Triples of field name, start of its value, and object it belongs to. */
  fields: number[];
  /** By object: its depth. */
  depths: number[];
}

const MAX_NEAR_TESTS = 512;
const MAX_FIELDS = 3 * 96;
const NEAR_BEFORE = 200;
const NEAR_AFTER = 160;
const HEDGE_BEFORE = 70;
const hedge = /(?:\b(?:may|might|maybe|possibly|perhaps|probably|likely|could|if|whether|check|ensure|make sure|e\.g\.|such as|avoid|due to) [^.:;'{}]{0,60}|\bor (?:a |the |your |an )?)$/;

const seen = new Int32Array(orderedRules.length);
let epoch = 0;
let nearTests = 0;
const found: Findings = {
  count: 0,
  rules: new Int32Array(orderedRules.length),
  ranks: new Int32Array(orderedRules.length),
  hints: 0,
  status: 0,
  waitAt: -1,
  fields: [],
  depths: [],
};

interface Position {
  depth: number;
  attempt: number;
  /** Depth at which a silent value ends; -1 outside of one. */
  silentDepth: number;
  /** The quote that ends a silent string, 0 for none. */
  silentQuote: number;
  /** Backslashes before that quote. */
  silentEscapes: number;
}

const at: Position = { depth: 0, attempt: 0, silentDepth: -1, silentQuote: 0, silentEscapes: 0 };
const openObjects: number[] = [];

/**
 * Reads a text once, in time linear in its length, whatever it is: JSON at any level of escaping, Python or Go
 * literals, prose, or pieces of these. Braces only count the depth, so that damaged texts read like whole ones.
 */
export function scanText(text: string, wantFields: boolean): Findings {
  reset();
  const { next, firstAccepting } = automaton;
  const { length } = text;
  let state = 0;
  let spaced = false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    let symbol = symbolOf[code] ?? 0;
    if (symbol >= symbols.firstSpecial) {
      if (symbol === symbols.backslash) {
        const after = text.charCodeAt(i + 1);
        if (after === 110 || after === 114 || after === 116) {
          symbol = symbols.white;
          i++;
        } else if (after === 117 && i + 5 < length) {
          const escaped = Number.parseInt(text.slice(i + 2, i + 6), 16);
          if (!(escaped > 0)) continue;
          symbol = symbolOf[escaped] ?? 0;
          i += 5;
          if (symbol > symbols.backslash && symbol !== symbols.mark) continue;
        } else {
          continue;
        }
      }
      if (symbol === symbols.white) {
        if (spaced) continue;
        spaced = true;
        symbol = symbols.space;
      } else if (symbol === symbols.mark) {
        spaced = false;
        symbol = symbols.quote;
        if (at.silentQuote !== 0 && code === at.silentQuote) endSilentString(text, i);
      } else if (symbol === symbols.open || symbol === symbols.close) {
        spaced = false;
        state = 0;
        if (symbol === symbols.open) openObject(wantFields);
        else closeObject(wantFields);
        continue;
      } else if (symbol === symbols.escape) {
        i = endOfEscape(text, i);
        continue;
      } else {
        continue;
      }
    } else {
      spaced = symbol === symbols.space;
      if (code === 52 || code === 53) noteStatus(text, i);
    }
    state = next[(state << ROW_BITS) | symbol] ?? 0;
    if (state >= firstAccepting) {
      for (const meaning of endingMeanings[state - firstAccepting] ?? []) note(meaning, text, i, wantFields);
    }
  }
  return found;
}

function reset(): void {
  epoch++;
  nearTests = 0;
  found.count = 0;
  found.hints = 0;
  found.status = 0;
  found.waitAt = -1;
  found.fields.length = 0;
  found.depths.length = 0;
  openObjects.length = 0;
  statusRank = -1;
  at.depth = 0;
  at.attempt = 0;
  at.silentDepth = -1;
  at.silentQuote = 0;
}

function isSilent(): boolean {
  return at.silentDepth >= 0 || at.silentQuote !== 0;
}

function rank(): number {
  return at.attempt * RANK_ATTEMPT + Math.min(at.depth, RANK_ATTEMPT - 1);
}

let statusRank = -1;

function noteStatus(text: string, i: number): void {
  const status = statusAt(text, i);
  if (status === 0 || isSilent() || rank() < statusRank) return;
  found.status = status;
  statusRank = rank();
}

function note(meaning: Meaning, text: string, end: number, wantFields: boolean): void {
  if (meaning.word && !isWord(meaning, text, end)) return;
  switch (meaning.kind) {
    case meanings.rule:
      noteRule(meaning, text, end);
      return;
    case meanings.hint:
      if ((found.hints & (1 << meaning.index)) === 0 && isNear(meaning, text, end)) found.hints |= 1 << meaning.index;
      return;
    case meanings.attempt:
      at.attempt++;
      return;
    case meanings.silent:
      if (!isSilent()) beginSilent(text, end);
      return;
    case meanings.wait:
      if (!isSilent()) found.waitAt = end + 1;
      return;
    case meanings.field:
      if (wantFields) noteField(meaning, text, end);
      return;
  }
}

function noteRule(meaning: Meaning, text: string, end: number): void {
  const { index } = meaning;
  const known = seen[index] === epoch;
  const place = isSilent() ? -1 : rank();
  if (known && place <= (found.ranks[index] ?? 0)) return;
  if (meaning.asValue !== null && isValueOfCode(text, startOfPhrase(text, end, meaning.phrase)) !== meaning.asValue) return;
  if (!isNear(meaning, text, end)) return;
  if (!known) {
    seen[index] = epoch;
    found.rules[found.count++] = index;
  }
  found.ranks[index] = place;
}

function isNear(meaning: Meaning, text: string, end: number): boolean {
  if (meaning.near === null && meaning.far === null && !meaning.hedged) return true;
  // Beyond this a text is hostile, and every phrase has had its chance many times.
  if (nearTests++ > MAX_NEAR_TESTS) return false;
  const from = Math.max(0, end + 1 - NEAR_BEFORE);
  const to = Math.min(text.length, end + 1 + NEAR_AFTER);
  const around = `${from > 0 ? '…' : ''}${foldText(text.slice(from, to)).trim()}${to < text.length ? '…' : ''}`;
  if (meaning.near !== null && !meaning.near.test(around)) return false;
  if (meaning.far !== null && meaning.far.test(around)) return false;
  if (!meaning.hedged) return true;
  const start = startOfPhrase(text, end, meaning.phrase);
  return !hedge.test(foldText(text.slice(Math.max(0, start - HEDGE_BEFORE), start)));
}

function isWord(meaning: Meaning, text: string, end: number): boolean {
  if (isWordCode(text.charCodeAt(end + 1))) return false;
  if (meaning.phrase.startsWith('_')) return true;
  const start = startOfPhrase(text, end, meaning.phrase);
  if (start === 0 || !isWordCode(text.charCodeAt(start - 1))) return true;
  // A letter after a backslash is the end of an escape, not of a word.
  return start > 1 && text.charCodeAt(start - 2) === 92 && /[nrt]/.test(text.charAt(start - 1));
}

function beginSilent(text: string, end: number): void {
  const start = valueStart(text, end + 1);
  if (start < 0) return;
  const code = text.charCodeAt(start);
  if (code === 123 || code === 91) {
    at.silentDepth = at.depth;
    return;
  }
  // A bare word before a quoted text ("text: '…'") is prose of a wrapper; a quoted key is data.
  const quoted = symbolOf[text.charCodeAt(end + 1)] === symbols.mark || text.charCodeAt(end + 1) === 92;
  if (!quoted || symbolOf[code] !== symbols.mark) return;
  at.silentQuote = code;
  at.silentEscapes = escapesBefore(text, start);
  skipOpeningQuote = start;
}

let skipOpeningQuote = -1;

function endSilentString(text: string, i: number): void {
  if (i === skipOpeningQuote || escapesBefore(text, i) > at.silentEscapes) return;
  at.silentQuote = 0;
}

/** Counts at most 16 backslashes, so that a long run of them costs no more than a short one. */
function escapesBefore(text: string, i: number): number {
  let count = 0;
  while (count < 16 && text.charCodeAt(i - 1 - count) === 92) count++;
  return count;
}

function openObject(wantFields: boolean): void {
  at.depth++;
  if (!wantFields) return;
  openObjects.push(found.depths.length);
  found.depths.push(at.depth);
}

function closeObject(wantFields: boolean): void {
  if (at.depth > 0) at.depth--;
  if (at.silentDepth >= at.depth) at.silentDepth = -1;
  if (wantFields) openObjects.pop();
}

function noteField(meaning: Meaning, text: string, end: number): void {
  if (isSilent() || found.fields.length >= MAX_FIELDS) return;
  if (isWordCode(text.charCodeAt(end + 1))) return;
  const start = valueStart(text, end + 1);
  if (start < 0) return;
  found.fields.push(meaning.index, start, openObjects.at(-1) ?? -1);
}

/** The last character of a terminal's colour sequence, or of the escape alone. */
function endOfEscape(text: string, i: number): number {
  if (text.charCodeAt(i + 1) !== 91) return i;
  let end = i + 2;
  while (end < i + 12 && /[0-9;]/.test(text.charAt(end))) end++;
  return end;
}
