import { symbols } from './normal-form.ts';

export const SYMBOL_BITS = 6;
/** A phrase is recognised by this many first symbols, so every phrase has at least as many. */
export const GRAM_LENGTH = 5;
/** Number of further symbols that are checked before a walk through the tree. */
export const AHEAD = 4;
/** Keeps only the last GRAM_LENGTH symbols when new ones are shifted in. */
export const GRAM_MASK = (1 << (SYMBOL_BITS * GRAM_LENGTH)) - 1;

export const READ_ON = 1;
export const LOOK_AHEAD = 2;

const SPREAD = 0x9e3779b1;
const OTHER_SPREAD = 0x85ebca6b;
const FILTER_BITS = 14;
const ONWARD_BITS = 16;
const SLOT_BITS = 12;

export interface PhraseTrie {
  /**
   * By hash of the last GRAM_LENGTH symbols: 0 when no phrase starts with them, READ_ON when a phrase may start with
   * them, LOOK_AHEAD when `onward` must be checked, too. It fits into the first-level cache.
   */
  filter: Uint8Array;
  /** One bit by hash of the first symbols and the AHEAD symbols after them. It rejects most words without a walk. */
  onward: Uint8Array;
  /** Hash table with open addressing: pairs of first symbols and node; node 0: free. */
  slots: Int32Array;
  /**
   * Nodes and the runs of symbols between them, in one array, so that a walk reads neighbouring memory. A node: number
   * of its ending (0 for none), number of runs, then the first symbol and the position of each run. A run: its length,
   * its symbols after the first, and the position of the next node.
   */
  tape: Uint16Array;
  /** At the number of each ending: the phrases that end there. The first entry is empty. */
  endings: readonly (readonly number[])[];
}

interface TrieNode {
  children: Map<number, TrieNode>;
  phrases: number[];
}

/**
 * Builds the tree of phrases, which are lists of symbols. A walk starts at the node of the first symbols of a phrase.
 */
export function buildPhraseTrie(phrases: readonly (readonly number[])[]): PhraseTrie {
  const roots = new Map<number, TrieNode>();
  for (const [index, phrase] of phrases.entries()) {
    if (
      phrase.length < GRAM_LENGTH ||
      phrase.some((symbol) => symbol === symbols.foreign || symbol >= symbols.firstSign)
    ) {
      throw new Error(`phrase ${index} is too short or has a character outside the alphabet`);
    }
    const gram = phrase.slice(0, GRAM_LENGTH).reduce((sum, symbol) => (sum << SYMBOL_BITS) | symbol, 0);
    let node: TrieNode = roots.get(gram) ?? { children: new Map(), phrases: [] };
    roots.set(gram, node);
    for (const symbol of phrase.slice(GRAM_LENGTH)) {
      const child: TrieNode = node.children.get(symbol) ?? { children: new Map(), phrases: [] };
      node.children.set(symbol, child);
      node = child;
    }
    node.phrases.push(index);
  }
  if (roots.size > 1 << (SLOT_BITS - 1)) throw new Error('too many beginnings of phrases: raise SLOT_BITS');
  const filter = new Uint8Array(1 << FILTER_BITS);
  const onward = new Uint8Array(1 << (ONWARD_BITS - 3));
  const slots = new Int32Array(2 << SLOT_BITS);
  const tape: number[] = [0];
  const endings: (readonly number[])[] = [[]];
  for (const [gram, node] of roots) {
    enter(slots, gram, write(node, tape, endings));
    const place = filterIndex(gram);
    const sure = markOnward(onward, gram, node, 0, 0);
    filter[place] = sure || filter[place] === READ_ON ? READ_ON : LOOK_AHEAD;
  }
  if (tape.length > 65_535) throw new Error(`a tape of ${tape.length} is too long: shorten the phrases`);
  return { filter, onward, slots, tape: Uint16Array.from(tape), endings };
}

/** The index in `filter` of GRAM_LENGTH symbols. */
export function filterIndex(gram: number): number {
  return Math.imul(gram, SPREAD) >>> (32 - FILTER_BITS);
}

/** False when no phrase that starts with the symbols `gram` continues with the symbols `ahead`. */
export function mayGoOn(onward: Uint8Array, gram: number, ahead: number): boolean {
  const hash = onwardHash(gram, ahead);
  return ((onward[hash >>> 3] ?? 0) & (1 << (hash & 7))) !== 0;
}

function onwardHash(gram: number, ahead: number): number {
  return Math.imul(gram ^ Math.imul(ahead, OTHER_SPREAD), SPREAD) >>> (32 - ONWARD_BITS);
}

/** The node after the first symbols of a phrase; 0 when no phrase starts with them. */
export function nodeOf(slots: Int32Array, gram: number): number {
  let slot = Math.imul(gram, SPREAD) >>> (32 - SLOT_BITS);
  while (slots[2 * slot + 1] !== 0) {
    if (slots[2 * slot] === gram) return slots[2 * slot + 1] ?? 0;
    slot = (slot + 1) & ((1 << SLOT_BITS) - 1);
  }
  return 0;
}

/** The position of the run that starts with a symbol at a node; 0 when there is none. */
export function runOf(tape: Uint16Array, node: number, symbol: number): number {
  const end = node + 2 + 2 * (tape[node + 1] ?? 0);
  for (let at = node + 2; at < end; at += 2) {
    if (tape[at] === symbol) return tape[at + 1] ?? 0;
  }
  return 0;
}

/**
 * Sets the bits of all symbols that can follow the first ones. Returns true when a phrase ends so early that `onward`
 * cannot reject it.
 */
function markOnward(
  onward: Uint8Array,
  gram: number,
  node: TrieNode,
  ahead: number,
  length: number,
): boolean {
  if (length === AHEAD) {
    const hash = onwardHash(gram, ahead);
    onward[hash >>> 3] = (onward[hash >>> 3] ?? 0) | (1 << (hash & 7));
    return false;
  }
  let short = node.phrases.length > 0;
  for (const [symbol, child] of node.children) {
    if (markOnward(onward, gram, child, (ahead << SYMBOL_BITS) | symbol, length + 1)) short = true;
  }
  return short;
}

/** Appends a node and all nodes after it; returns the position of the node. */
function write(node: TrieNode, tape: number[], endings: (readonly number[])[]): number {
  const place = tape.length;
  tape.push(node.phrases.length === 0 ? 0 : endings.push(node.phrases) - 1, node.children.size);
  for (const symbol of node.children.keys()) tape.push(symbol, 0);
  let entry = place + 3;
  for (const child of node.children.values()) {
    tape[entry] = tape.length;
    entry += 2;
    const run: number[] = [];
    let end = child;
    while (end.phrases.length === 0 && end.children.size === 1) {
      for (const [symbol, next] of end.children) {
        run.push(symbol);
        end = next;
      }
    }
    tape.push(run.length, ...run);
    const link = tape.push(0) - 1;
    const target: number = write(end, tape, endings);
    tape[link] = target;
  }
  return place;
}

function enter(slots: Int32Array, gram: number, node: number): void {
  let slot = Math.imul(gram, SPREAD) >>> (32 - SLOT_BITS);
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & ((1 << SLOT_BITS) - 1);
  slots[2 * slot] = gram;
  slots[2 * slot + 1] = node;
}
