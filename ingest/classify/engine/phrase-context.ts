import type { Meaning } from './compile-rules.ts';
import { toNormalForm } from './normal-form.ts';
import { isValueOfCode, startOfPhrase } from './phrase-position.ts';

const BEFORE = 200;
const AFTER = 160;
const HEDGE_BEFORE = 70;

/** Matches the end of a clause that guesses, advises or lists. */
const hedge =
  /(?:\b(?:may|might|maybe|possibly|perhaps|probably|likely|could|if|whether|check|ensure|make sure|e\.g\.|such as|avoid) [^.:;'{}]{0,60}|\bor (?:a |the |your |an )?)$/;

/**
 * Whether the text around a phrase meets the conditions of its rule: `near` and `far`, the place of the phrase, and no
 * guess before it.
 */
export function isMeant(meaning: Meaning, text: string, end: number): boolean {
  if (meaning.near !== null || meaning.far !== null) {
    const from = Math.max(0, end + 1 - BEFORE);
    const to = Math.min(text.length, end + 1 + AFTER);
    const around = `${from > 0 ? '…' : ''}${toNormalForm(text.slice(from, to)).trim()}${to < text.length ? '…' : ''}`;
    if (meaning.near !== null && !meaning.near.test(around)) return false;
    if (meaning.far !== null && meaning.far.test(around)) return false;
  }
  if (!meaning.hedged && !meaning.asValue) return true;
  const start = startOfPhrase(text, end, meaning);
  if (meaning.asValue) return isValueOfCode(text, start);
  return start === 0 || !hedge.test(toNormalForm(text.slice(Math.max(0, start - HEDGE_BEFORE), start)));
}
