import {
  allWords,
  compiledRules,
  type Meaning,
  meanings,
  symbolOf,
  verdictWords,
  type Vocabulary,
} from './compiled.ts';
import { isWordCode, symbols } from './folding.ts';
import { AHEAD, filterIndex, GRAM_MASK, LOOK_AHEAD, mayGoOn, nodeOf, runOf, SYMBOL_BITS } from './phrase-trie.ts';
import { startOfPhrase, valueStart } from './places.ts';
import { endOfSilence } from './silence.ts';
import { mayBeStatus } from './status-text.ts';
import { isMeant } from './surroundings.ts';

/** One attempt outranks any depth within the attempt before it. */
export const RANK_ATTEMPT = 1024;

/** What one pass over a text found. The next call of `scanText` writes over it. */
export interface Findings {
  /** How many of `rules` are set. */
  count: number;
  /** Orders of the rules for codes and sentences whose phrases stand in the text, each once. */
  rules: Int32Array;
  /** By rule: attempt * RANK_ATTEMPT + depth of its best place. */
  ranks: Int32Array;
  /** How many phrases of rules stand in the text that are tried only when no code or sentence decides. */
  lateCount: number;
  lateMeanings: Meaning[];
  /** By late phrase: the index of its last character. */
  lateEnds: Int32Array;
  lateRanks: Int32Array;
  /** Bits of the hints that show. */
  hints: number;
  /** How many numbers stand in the text that may be HTTP statuses. */
  numberCount: number;
  /** Where these numbers begin. */
  numbersAt: Int32Array;
  numberRanks: Int32Array;
  /** Where the last duration to wait may stand, -1 when none. */
  waitAt: number;
  /** The highest rank of a Chinese character; -1 when there is none. */
  chineseRank: number;
  /** Values that repeat the caller's words were passed over. */
  silenced: boolean;
  /** Triples of field name, start of its value, and object it belongs to. */
  fields: number[];
  /** By object: its depth. */
  depths: number[];
}

const SYMBOL_MASK = (1 << SYMBOL_BITS) - 1;
const LETTER_U = 117;
const MAX_NUMBERS = 128;
const MAX_LATE = 96;
const MAX_FIELDS = 3 * 96;
/** Beyond this a text is hostile, and every phrase has had its chance many times. */
const MAX_TESTS = 512;

const found: Findings = {
  count: 0,
  rules: new Int32Array(compiledRules.length),
  ranks: new Int32Array(compiledRules.length),
  lateCount: 0,
  lateMeanings: [],
  lateEnds: new Int32Array(MAX_LATE),
  lateRanks: new Int32Array(MAX_LATE),
  hints: 0,
  numberCount: 0,
  numbersAt: new Int32Array(MAX_NUMBERS),
  numberRanks: new Int32Array(MAX_NUMBERS),
  waitAt: -1,
  chineseRank: -1,
  silenced: false,
  fields: [],
  depths: [],
};
const seen = new Int32Array(compiledRules.length);
const openObjects: number[] = [];
let epoch = 0;
let tests = 0;
let depth = 0;
let attempt = 0;
let listening = false;

/**
 * Reads a text once, in time linear in its length, whatever it is: JSON at any level of escaping, Python or Go
 * literals, prose, or pieces of these. Braces only count the depth, so that damaged texts read like whole ones.
 * With `listenToAll` the values that repeat the caller's words are read too.
 */
export function scanText(text: string, wantFields: boolean, listenToAll = false): Findings {
  reset(wantFields, listenToAll);
  const words = wantFields ? allWords : verdictWords;
  const { filter, onward, slots } = words.trie;
  const table = symbolOf;
  const { length } = text;
  let gram = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    let symbol = table[code] ?? 0;
    if (symbol >= symbols.firstSpecial) {
      if (symbol === symbols.backslash) {
        symbol = escapedSymbol(text, i);
        if (symbol !== symbols.ignored) i += text.charCodeAt(i + 1) === LETTER_U ? 5 : 1;
      } else if (symbol === symbols.open) {
        depth++;
        if (wantFields) openObject();
        gram = 0;
        continue;
      } else if (symbol === symbols.close) {
        if (depth > 0) depth--;
        if (wantFields) openObjects.pop();
        gram = 0;
        continue;
      } else if (symbol === symbols.escape) {
        i = endOfEscape(text, i);
      } else if (symbol === symbols.chinese) {
        if (rank() > found.chineseRank) found.chineseRank = rank();
        gram = 0;
      }
      if (symbol >= symbols.firstSpecial) continue;
    }
    if (symbol === symbols.space && (gram & SYMBOL_MASK) === symbols.space) continue;
    if ((code === 52 || code === 53) && mayBeStatus(text, i)) noteNumber(i);
    gram = ((gram << SYMBOL_BITS) | symbol) & GRAM_MASK;
    const hint = filter[filterIndex(gram)] ?? 0;
    if (hint === 0 || (hint === LOOK_AHEAD && !looksOn(text, i, gram, onward))) continue;
    const node = nodeOf(slots, gram);
    if (node === 0) continue;
    const end = readOn(text, i, node, words);
    if (end > i) {
      i = end;
      gram = 0;
    }
  }
  return found;
}

/** False when the next characters already rule out every phrase that begins so. */
function looksOn(text: string, i: number, gram: number, onward: Uint8Array): boolean {
  let ahead = 0;
  let last = symbols.foreign as number;
  for (let at = i + 1; at <= i + AHEAD; at++) {
    const symbol = symbolOf[text.charCodeAt(at)] ?? symbols.foreign;
    // Escapes and white space may take more than one character.
    if (symbol >= symbols.firstSpecial || (symbol === symbols.space && last === symbols.space)) return true;
    ahead = (ahead << SYMBOL_BITS) | symbol;
    last = symbol;
  }
  return mayGoOn(onward, gram, ahead);
}

/** Follows every phrase that goes on from here; answers the end of a value to pass over, else `from`. */
function readOn(text: string, from: number, entry: number, words: Vocabulary): number {
  const { tape } = words.trie;
  const table = symbolOf;
  let node = entry;
  let left = 0;
  let run = 0;
  let last = symbols.foreign as number;
  for (let i = from; ; ) {
    if (left === 0) {
      const ending = tape[node] ?? 0;
      if (ending !== 0) {
        const silentUntil = noteAll(words.endingMeanings[ending] ?? [], text, i);
        if (silentUntil > i) return silentUntil;
      }
      if (tape[node + 1] === 0) return from;
    }
    let symbol: number;
    do {
      symbol = table[text.charCodeAt(++i)] ?? symbols.close;
      if (symbol === symbols.backslash) {
        symbol = escapedSymbol(text, i);
        if (symbol !== symbols.ignored) i += text.charCodeAt(i + 1) === LETTER_U ? 5 : 1;
      }
    } while (symbol === symbols.ignored || (symbol === symbols.space && last === symbols.space));
    if (symbol >= symbols.firstSpecial) return from;
    last = symbol;
    if (left === 0) {
      run = runOf(tape, node, symbol);
      if (run === 0) return from;
      left = tape[run] ?? 0;
    } else {
      if (tape[++run] !== symbol) return from;
      left--;
    }
    if (left === 0) node = tape[run + 1] ?? 0;
  }
}

/** What the escape at a backslash stands for; `ignored` when the backslash only guards what follows. */
function escapedSymbol(text: string, i: number): number {
  const after = text.charCodeAt(i + 1);
  if (after === 110 || after === 114 || after === 116) return symbols.space;
  if (after !== LETTER_U) return symbols.ignored;
  const symbol = symbolOf[Number.parseInt(text.slice(i + 2, i + 6), 16)] ?? symbols.ignored;
  return symbol >= symbols.firstSpecial ? symbols.foreign : symbol;
}

function noteAll(ending: readonly Meaning[], text: string, i: number): number {
  for (let at = 0; at < ending.length; at++) {
    const meaning = ending[at];
    if (meaning === undefined) continue;
    if (meaning.kind === meanings.silent) {
      if (listening) continue;
      const end = endOfSilence(text, meaning.phrase.endsWith("'") ? i + 1 : i);
      if (end === -1) continue;
      found.silenced = true;
      if (end >= 0) return end;
      // A value without an end would be searched for its end again and again.
      listening = true;
    } else if (meaning.kind === meanings.field) {
      noteField(meaning, text, i);
    } else {
      note(meaning, text, i);
    }
  }
  return i;
}

function reset(wantFields: boolean, listenToAll: boolean): void {
  epoch++;
  tests = 0;
  depth = 0;
  attempt = 0;
  listening = listenToAll;
  found.count = 0;
  found.lateCount = 0;
  found.hints = 0;
  found.numberCount = 0;
  found.waitAt = -1;
  found.chineseRank = -1;
  found.silenced = false;
  if (!wantFields) return;
  found.fields.length = 0;
  found.depths.length = 0;
  openObjects.length = 0;
}

function rank(): number {
  return attempt * RANK_ATTEMPT + (depth < RANK_ATTEMPT ? depth : RANK_ATTEMPT - 1);
}

function noteNumber(i: number): void {
  if (found.numberCount >= MAX_NUMBERS) return;
  found.numbersAt[found.numberCount] = i;
  found.numberRanks[found.numberCount++] = rank();
}

function note(meaning: Meaning, text: string, end: number): void {
  const { kind, index } = meaning;
  if (kind === meanings.rule) {
    if (!meaning.late && seen[index] === epoch && rank() <= (found.ranks[index] ?? 0)) return;
    if (meaning.word && !isWord(meaning, text, end)) return;
    if (meaning.late) noteLate(meaning, end);
    else noteRule(meaning, text, end);
  } else if (kind === meanings.hint) {
    const bit = 1 << index;
    if ((found.hints & bit) === 0 && (!meaning.word || isWord(meaning, text, end))) found.hints |= bit;
  } else if (kind === meanings.wait) {
    found.waitAt = end + 1;
  } else if (isWord(meaning, text, end)) {
    attempt++;
  }
}

function noteRule(meaning: Meaning, text: string, end: number): void {
  const { index } = meaning;
  if (meaning.conditional && (tests++ > MAX_TESTS || !isMeant(meaning, text, end))) return;
  if (seen[index] !== epoch) {
    seen[index] = epoch;
    found.rules[found.count++] = index;
  }
  found.ranks[index] = rank();
}

function noteLate(meaning: Meaning, end: number): void {
  if (found.lateCount >= MAX_LATE) return;
  found.lateMeanings[found.lateCount] = meaning;
  found.lateEnds[found.lateCount] = end;
  found.lateRanks[found.lateCount++] = rank();
}

function isWord(meaning: Meaning, text: string, end: number): boolean {
  if (isWordCode(text.charCodeAt(end + 1))) return false;
  if (meaning.phrase.charCodeAt(0) === 95) return true;
  const start = startOfPhrase(text, end, meaning);
  if (start === 0 || !isWordCode(text.charCodeAt(start - 1))) return true;
  // A letter after a backslash is the end of an escape, not of a word.
  return start > 1 && text.charCodeAt(start - 2) === 92;
}

function openObject(): void {
  openObjects.push(found.depths.length);
  found.depths.push(depth);
}

function noteField(meaning: Meaning, text: string, end: number): void {
  if (found.fields.length >= MAX_FIELDS) return;
  const start = valueStart(text, meaning.phrase.endsWith("'") ? end + 1 : end);
  if (start >= 0) found.fields.push(meaning.index, start, openObjects.at(-1) ?? -1);
}

/** The last character of a terminal's colour sequence, or of the escape alone. */
function endOfEscape(text: string, i: number): number {
  if (text.charCodeAt(i + 1) !== 91) return i;
  let end = i + 2;
  while (end < i + 12 && /[0-9;]/.test(text.charAt(end))) end++;
  return end;
}
