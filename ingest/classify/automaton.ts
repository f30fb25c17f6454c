import { symbols } from './folding.ts';

/** Bits by which a state is shifted to find its row of transitions. */
export const ROW_BITS = 6;

export interface Automaton {
  /** `next[(state << ROW_BITS) | symbol]`; state 0 is the start. */
  next: Uint16Array;
  /** States from this number on end at least one phrase. */
  firstAccepting: number;
  /** Indexes of the phrases that end in state `firstAccepting + i`, the longest first. */
  endings: readonly (readonly number[])[];
}

interface Node {
  children: Map<number, number>;
  fallback: number;
  phrases: number[];
  lastSymbol: number;
}

/**
 * The Aho-Corasick automaton of all phrases as one table: a text is searched for every phrase at once, with one
 * look-up for a character, whatever the number of phrases. Phrases are given as symbols; a space in them stands for any white space.
 */
export function buildAutomaton(phrases: readonly (readonly number[])[]): Automaton {
  const nodes = growTrie(phrases);
  const order = linkFallbacks(nodes);
  if (nodes.length > 65_535) throw new Error(`${nodes.length} states do not fit the table: shorten the phrases`);

  const quiet = order.filter((node) => nodes[node]?.phrases.length === 0);
  const accepting = order.filter((node) => nodes[node]?.phrases.length !== 0);
  const renumbered = new Uint16Array(nodes.length);
  for (const [state, node] of [...quiet, ...accepting].entries()) renumbered[node] = state;

  const next = new Uint16Array(nodes.length << ROW_BITS);
  for (const index of order) {
    const node = nodes[index];
    if (node === undefined) continue;
    const row = (renumbered[index] ?? 0) << ROW_BITS;
    const fallbackRow = (renumbered[node.fallback] ?? 0) << ROW_BITS;
    // The fallback is nearer to the start, so its row is complete already.
    if (index !== 0) next.copyWithin(row, fallbackRow, fallbackRow + (1 << ROW_BITS));
    for (const [symbol, child] of node.children) next[row | symbol] = renumbered[child] ?? 0;
    // Once a space has been read, further white space changes nothing.
    if (node.lastSymbol === symbols.space) next[row | symbols.space] = renumbered[index] ?? 0;
  }
  return { next, firstAccepting: quiet.length, endings: accepting.map((node) => nodes[node]?.phrases ?? []) };
}

function growTrie(phrases: readonly (readonly number[])[]): Node[] {
  const nodes: Node[] = [{ children: new Map(), fallback: 0, phrases: [], lastSymbol: symbols.foreign }];
  for (const [index, phrase] of phrases.entries()) {
    let at = 0;
    for (const symbol of phrase) {
      if (symbol === symbols.foreign || symbol >= 1 << ROW_BITS) {
        throw new Error(`phrase ${index} has a character outside the alphabet`);
      }
      const known = nodes[at]?.children.get(symbol);
      if (known === undefined) {
        nodes.push({ children: new Map(), fallback: 0, phrases: [], lastSymbol: symbol });
        nodes[at]?.children.set(symbol, nodes.length - 1);
        at = nodes.length - 1;
      } else {
        at = known;
      }
    }
    nodes[at]?.phrases.push(index);
  }
  return nodes;
}

/** Sets every fallback and answers the nodes in breadth-first order. */
function linkFallbacks(nodes: Node[]): number[] {
  const order = [0];
  for (const index of order) {
    const node = nodes[index];
    if (node === undefined) continue;
    for (const [symbol, child] of node.children) {
      order.push(child);
      const target = nodes[child];
      if (target === undefined) continue;
      let fallback = node.fallback;
      while (fallback !== 0 && nodes[fallback]?.children.get(symbol) === undefined) {
        fallback = nodes[fallback]?.fallback ?? 0;
      }
      const found = index === 0 ? undefined : nodes[fallback]?.children.get(symbol);
      target.fallback = found ?? 0;
      target.phrases.push(...(nodes[target.fallback]?.phrases ?? []));
    }
  }
  return order;
}
