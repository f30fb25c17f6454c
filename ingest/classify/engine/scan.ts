import {
  allWords,
  compiledRules,
  type Meaning,
  meanings,
  verdictWords,
  type PhraseVocabulary,
} from './compile-rules.ts';
import { type Findings, RANK_ATTEMPT } from './findings.ts';
import { isWordCode, symbols } from './normal-form.ts';
import { filterIndex, LOOK_AHEAD, mayGoOn, nodeOf, runOf, SYMBOL_BITS } from './phrase-trie.ts';
import { startOfPhrase, valueStart } from './phrase-position.ts';
import { grams, marks, places, read, readSymbols } from './read-symbols.ts';
import { endOfEchoedValue } from './echoed-values.ts';
import { mayBeStatus } from './status-text.ts';
import { isMeant } from './phrase-context.ts';

const MAX_NUMBERS = 128;
const MAX_LATE = 96;
const MAX_FIELDS = 3 * 96;
/** A waiting time must start within this many characters after the words that ask to wait. */
const TIME_WITHIN = 24;
/** Largest number of conditions that are tested in one text. Only a hostile text needs more. */
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
  numbers: new Int32Array(MAX_NUMBERS),
  numbersAt: new Int32Array(MAX_NUMBERS),
  numberRanks: new Int32Array(MAX_NUMBERS),
  waitAt: -1,
  chineseRank: -1,
  echoed: false,
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
 * Reads a text once, in time linear in its length: JSON at any level of escaping, Python or Go literals, prose, or
 * parts of these. Braces only change the depth, so that damaged texts are read like complete ones. With `listenToAll`,
 * values that repeat words of the caller are read, too.
 */
export function scanText(text: string, wantFields: boolean, listenToAll = false): Findings {
  reset(wantFields, listenToAll);
  const words = wantFields ? allWords : verdictWords;
  const { filter, onward, slots } = words.trie;
  const marked = readSymbols(text, filter);
  let echoUntil = -1;
  for (let mark = 0; mark < marked; mark++) {
    const i = marks[mark] ?? 0;
    const place = places[i] ?? 0;
    if (place <= echoUntil) continue;
    const symbol = read[i] ?? 0;
    const gram = grams[mark] ?? 0;
    if (symbol >= symbols.firstEvent) {
      if (symbol < symbols.firstSign) noteNumber(text, place);
      else noteSign(symbol, wantFields);
    }
    const hint = filter[filterIndex(gram)] ?? 0;
    if (hint === 0 || (hint === LOOK_AHEAD && !mayGoOn(onward, gram, ahead(i)))) continue;
    const node = nodeOf(slots, gram);
    if (node !== 0) echoUntil = readOn(text, i, node, words);
  }
  return found;
}

function ahead(i: number): number {
  const near = ((read[i + 1] ?? 0) << SYMBOL_BITS) | (read[i + 2] ?? 0);
  return (((near << SYMBOL_BITS) | (read[i + 3] ?? 0)) << SYMBOL_BITS) | (read[i + 4] ?? 0);
}

/**
 * Finds the phrases that begin with the symbols up to `from`, and records their meanings. Returns the end of a value to
 * skip, or -1.
 */
function readOn(text: string, from: number, entry: number, words: PhraseVocabulary): number {
  const { tape } = words.trie;
  let node = entry;
  for (let i = from; ; ) {
    const ending = tape[node] ?? 0;
    if (ending !== 0) {
      const echoUntil = noteAll(words.endingMeanings[ending] ?? [], text, places[i] ?? 0);
      if (echoUntil >= 0) return echoUntil;
    }
    let run = runOf(tape, node, read[++i] ?? 0);
    if (run === 0) return -1;
    const end = run + (tape[run] ?? 0);
    while (run < end) if (tape[++run] !== read[++i]) return -1;
    node = tape[end + 1] ?? 0;
  }
}

/** Records the meanings of the phrases that end at a character. Returns the end of a value to skip, or -1. */
function noteAll(ending: readonly Meaning[], text: string, end: number): number {
  for (let at = 0; at < ending.length; at++) {
    const meaning = ending[at];
    if (meaning === undefined) continue;
    if (meaning.kind === meanings.echo) {
      if (listening) continue;
      const echoUntil = endOfEchoedValue(text, meaning.phrase.endsWith("'") ? end + 1 : end);
      if (echoUntil === -1) continue;
      found.echoed = true;
      if (echoUntil >= 0) return echoUntil;
      // The value has no end. From here on, all values that repeat words of the caller are read and not skipped, so
      // that a search for their ends does not take quadratic time.
      listening = true;
    } else if (meaning.kind === meanings.field) {
      noteField(meaning, text, end);
    } else {
      note(meaning, text, end);
    }
  }
  return -1;
}

function noteSign(symbol: number, wantFields: boolean): void {
  if (symbol === symbols.open) {
    depth++;
    if (wantFields) openObject();
  } else if (symbol === symbols.close) {
    if (depth > 0) depth--;
    if (wantFields) openObjects.pop();
  } else if (rank() > found.chineseRank) {
    found.chineseRank = rank();
  }
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
  found.echoed = false;
  if (!wantFields) return;
  found.fields.length = 0;
  found.depths.length = 0;
  openObjects.length = 0;
}

function rank(): number {
  return attempt * RANK_ATTEMPT + (depth < RANK_ATTEMPT ? depth : RANK_ATTEMPT - 1);
}

function noteNumber(text: string, i: number): void {
  if (!mayBeStatus(text, i) || found.numberCount >= MAX_NUMBERS) return;
  found.numbers[found.numberCount] = Number(text.slice(i, i + 3));
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
    // Many texts have these words but no time after them.
    if (/\d/.test(text.slice(end + 1, end + 1 + TIME_WITHIN))) found.waitAt = end + 1;
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
  // A letter after a backslash is the end of an escape sequence, not of a word.
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
