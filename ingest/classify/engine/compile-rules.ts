import { type Decision, decisionOf } from '../rules/decision.ts';
import { toNormalForm, symbols, symbolTable } from './normal-form.ts';
import { hintRules } from '../rules/hint-rules.ts';
import { buildPhraseTrie, type PhraseTrie } from './phrase-trie.ts';
import { attempts, echoKeys, waits } from '../rules/marker-phrases.ts';
import { hints, type Hint } from '../rules/rule.ts';
import { orderedRules, type StagedRule, stages } from '../rules/ordered-rules.ts';

/** The kinds of phrases. */
export const meanings = { rule: 0, hint: 1, attempt: 2, echo: 3, wait: 4, field: 5 } as const;

export interface Meaning {
  kind: (typeof meanings)[keyof typeof meanings];
  /** Index of the rule in `orderedRules`, of the hint in `hints`, or of the name in `fieldNames`. */
  index: number;
  phrase: string;
  /** The phrase counts only as the value of a code or type. */
  asValue: boolean;
  word: boolean;
  near: RegExp | null;
  far: RegExp | null;
  /** The phrase does not count after words of a guess such as "may be". */
  hedged: boolean;
  /** The rule is tried only when no abort, code or sentence decides. */
  late: boolean;
  /** The text around the phrase must be checked, not only the borders of the word. */
  conditional: boolean;
  /** The phrase has white space or a quote, so its form in a text may be longer. */
  spaced: boolean;
}

const unconditional = { asValue: false, word: false, near: null, far: null, hedged: false, late: false };

/** The names of fields that `readFields` reads. `Meaning.index` is an index of this list. */
export const fieldNames = ['message', 'code', 'type', 'status', 'error', 'detail', 'raw', 'msg'] as const;

const verdictMeanings: readonly Meaning[] = [
  ...orderedRules.filter((rule) => rule.stage !== 'chinese').flatMap(ruleMeanings),
  ...hintRules.flatMap(({ hint, phrases, word }) =>
    phrases.map((phrase) => meaningOf(meanings.hint, phrase, hints.indexOf(hint), { word: word ?? false })),
  ),
  ...attempts.map((phrase) => meaningOf(meanings.attempt, phrase, 0, { word: true })),
  ...echoKeys.map((phrase) => meaningOf(meanings.echo, phrase, 0)),
  ...waits.map((phrase) => meaningOf(meanings.wait, phrase, 0)),
];

const fieldMeanings: readonly Meaning[] = fieldNames.flatMap((name, index) =>
  // A name counts before a quote, `:` or `=`; a short name counts only in quotes.
  (name.length > 3 ? [`${name}'`, `${name}:`, `${name}=`] : [`'${name}'`]).map((phrase) =>
    meaningOf(meanings.field, phrase, index),
  ),
);

/** Maps each character to its symbol, for the phrases of all rules. */
export const symbolOf: Uint8Array = symbolTable(
  [...verdictMeanings, ...fieldMeanings].map((meaning) => meaning.phrase).join(''),
);

export interface PhraseVocabulary {
  trie: PhraseTrie;
  /** At the number of each ending of the trie: the meanings of the phrases that end there. */
  endingMeanings: readonly (readonly Meaning[])[];
}

/** The phrases that decide the class. */
export const verdictWords: PhraseVocabulary = vocabulary(verdictMeanings);
/** The same phrases with the names of fields, whose values are stored in error events. */
export const allWords: PhraseVocabulary = vocabulary([...verdictMeanings, ...fieldMeanings]);

function vocabulary(list: readonly Meaning[]): PhraseVocabulary {
  const meaningsOf = Map.groupBy(list, (meaning) => meaning.phrase);
  const phrases = [...meaningsOf.keys()];
  const trie = buildPhraseTrie(
    phrases.map((phrase) =>
      Array.from({ length: phrase.length }, (_, at) => symbolOf[phrase.charCodeAt(at)] ?? symbols.foreign),
    ),
  );
  const endingMeanings = trie.endings.map((ending) =>
    ending.flatMap((index) => meaningsOf.get(phrases[index] ?? '') ?? []),
  );
  return { trie, endingMeanings };
}

/** A rule in the form in which it is applied. All have the same members, which makes applying them fast. */
export interface CompiledRule {
  decision: Decision;
  /** Index of the stage in `stages`. */
  stage: number;
  /** Bits of the hints that the text must have. */
  all: number;
  /** Bits of the hints that the text must not have. */
  none: number;
  /** The rule applies only to these statuses; 0: no failed HTTP answer; null: all statuses. */
  statuses: readonly number[] | null;
  notStatuses: readonly number[];
}

/** All rules in the order of decisions; the index is the order. */
export const compiledRules: readonly CompiledRule[] = orderedRules.map((rule) => ({
  decision: decisionOf(rule.id, rule.class, rule),
  stage: stages.indexOf(rule.stage),
  all: hintBits(rule.all),
  none: hintBits(rule.none),
  statuses: rule.status === 'none' ? [0] : (rule.status ?? null),
  notStatuses: rule.notStatus ?? [],
}));

export interface ChinesePhrase {
  phrase: string;
  /** Index of its first Chinese character. */
  anchor: number;
  /** The order of its rule. */
  order: number;
}

/**
 * Phrases with Chinese characters, by the code of the first Chinese character. They are not in the trie, because its
 * alphabet is too small.
 */
export const chinesePhrases: ReadonlyMap<number, readonly ChinesePhrase[]> = Map.groupBy(
  orderedRules
    .filter((rule) => rule.stage === 'chinese')
    .flatMap((rule) =>
      rule.phrases.map((phrase) => ({ phrase, anchor: phrase.search(/[\u4e00-\u9fff]/), order: rule.order })),
    ),
  ({ phrase, anchor }) => phrase.charCodeAt(anchor),
);

/** The given hints as a set of bits. */
export function hintBits(names: readonly Hint[] = []): number {
  return names.reduce((bits, name) => bits | (1 << hints.indexOf(name)), 0);
}

function ruleMeanings(rule: StagedRule): Meaning[] {
  const { stage } = rule;
  const asValue = rule.code === true && (stage === 'code' || stage === 'last');
  return rule.phrases.map((phrase) =>
    meaningOf(meanings.rule, phrase, rule.order, {
      asValue,
      word: rule.word ?? rule.code ?? false,
      near: rule.near ?? null,
      far: rule.far ?? null,
      hedged: stage === 'word' || stage === 'reason' || stage === 'last',
      late: stage !== 'abort' && stage !== 'code' && stage !== 'sentence',
    }),
  );
}

/** One object literal makes all meanings, so that they have the same shape in memory, which is fast to read. */
function meaningOf(
  kind: Meaning['kind'],
  phrase: string,
  index: number,
  conditions: Partial<Pick<Meaning, keyof typeof unconditional>> = {},
): Meaning {
  if (phrase !== toNormalForm(phrase)) throw new Error(`phrase "${phrase}" is not in normal form`);
  const { asValue, word, near, far, hedged, late } = { ...unconditional, ...conditions };
  const conditional = asValue || near !== null || far !== null;
  const spaced = /[ ']/.test(phrase);
  return { kind, index, phrase, asValue, word, near, far, hedged, late, conditional, spaced };
}
