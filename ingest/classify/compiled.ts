import { foldText, symbols, symbolTable } from './folding.ts';
import { hintRules } from './hint-rules.ts';
import { buildPhraseTrie, type PhraseTrie } from './phrase-trie.ts';
import { hints, type Hint } from './rule.ts';
import { orderedRules, type StagedRule } from './rules.ts';

/** What a phrase means to the scanner. */
export const meanings = { rule: 0, hint: 1, attempt: 2, silent: 3, wait: 4, field: 5 } as const;

export interface Meaning {
  kind: (typeof meanings)[keyof typeof meanings];
  /** Of the rule in `orderedRules`, of the hint's bit, or of the field's name. */
  index: number;
  phrase: string;
  /** Only as the value of a code or type. */
  asValue: boolean;
  word: boolean;
  near: RegExp | null;
  far: RegExp | null;
  /** A hedge before it takes its meaning. */
  hedged: boolean;
  /** Of a rule that is tried only when no code or sentence decides. */
  late: boolean;
  /** What stands around the phrase matters, not only its border. */
  conditional: boolean;
  /** The phrase has white space, so that its length in a text may differ. */
  spaced: boolean;
}

/**
 * Keys whose values repeat the caller's own words or other calls: errors told in there are not this one. Bare names
 * are those of dumps; quoted names are those of JSON.
 */
const silentKeys = [
  'requestbodyvalues:',
  'responseheaders:',
  'headers:',
  'config:',
  ...[
    'previous_errors',
    'requestbodyvalues',
    'responseheaders',
    'headers',
    'config',
    'request',
    'request_body',
    'requestbody',
    'messages',
    'prompt',
    'input',
    'tools',
    'content',
    'delta',
    'text',
    'flagged_input',
    'instructions',
    'arguments',
    'reasoning_content',
  ].map((name) => `${name}'`),
];

/** A new attempt begins: what follows is judged before what went before. */
const attempts = ['retrying', 'last error', 'attempt 2', 'attempt 3', 'attempt 4', 'attempt 5', 'error doing the fallback'];

const waits = ['try again in', 'retry after', 'retry in', 'retrydelay', 'try again after', 'please wait', 'retry_after'];

/** The fields that `describeError` reads; the index is their place here. */
export const fieldNames = ['message', 'code', 'type', 'status', 'error', 'detail', 'raw', 'msg'] as const;

const meaningList: readonly Meaning[] = [
  ...orderedRules.flatMap(ruleMeanings),
  ...hintRules.flatMap(({ hint, phrases, word }) =>
    phrases.map((phrase) => ({ ...plain(meanings.hint, phrase), index: hints.indexOf(hint), word: word ?? false })),
  ),
  ...attempts.map((phrase) => ({ ...plain(meanings.attempt, phrase), word: true })),
  ...silentKeys.map((phrase) => plain(meanings.silent, phrase)),
  ...waits.map((phrase) => plain(meanings.wait, phrase)),
  ...fieldNames.flatMap((name, index) =>
    // Quoted, or before a sign of assignment.
    (name.length > 3 ? [`${name}'`, `${name}:`, `${name}=`] : [`'${name}'`]).map((phrase) => ({ ...plain(meanings.field, phrase), index })),
  ),
];

const meaningsOf = Map.groupBy(meaningList, (meaning) => meaning.phrase);
const phrases = [...meaningsOf.keys()];

/** How characters are read for these phrases. */
export const symbolOf: Uint8Array = symbolTable(phrases.join(''));

/** All phrases, to be found in one pass. */
export const trie: PhraseTrie = buildPhraseTrie(
  phrases.map((phrase) =>
    Array.from({ length: phrase.length }, (_, at) => symbolOf[phrase.charCodeAt(at)] ?? symbols.foreign),
  ),
);

/** By number of the trie's ending: what the phrases that end there mean. */
export const endingMeanings: readonly (readonly Meaning[])[] = trie.endings.map((ending) =>
  ending.flatMap((index) => meaningsOf.get(phrases[index] ?? '') ?? []),
);

/** Bits of the hints that must, and that must not, show for each rule of `orderedRules`. */
export const ruleHints: readonly { all: number; none: number }[] = orderedRules.map((rule) => ({
  all: hintBits(rule.all),
  none: hintBits(rule.none),
}));

/** The bits of some hints in a set of hints. */
export function hintBits(names: readonly Hint[] = []): number {
  return names.reduce((bits, name) => bits | (1 << hints.indexOf(name)), 0);
}

function ruleMeanings(rule: StagedRule): Meaning[] {
  return rule.phrases.map((phrase) => ({
    ...plain(meanings.rule, phrase),
    index: rule.order,
    // A code that is tried among the sentences counts wherever it stands.
    asValue: rule.code === true && (rule.stage === 'code' || rule.stage === 'last'),
    word: rule.word ?? rule.code ?? false,
    near: rule.near ?? null,
    far: rule.far ?? null,
    conditional: rule.code === true && rule.stage === 'code' || rule.near !== undefined || rule.far !== undefined,
    late: rule.stage !== 'abort' && rule.stage !== 'code' && rule.stage !== 'sentence',
    hedged: rule.stage === 'word' || rule.stage === 'reason' || rule.stage === 'last',
  }));
}

function plain(kind: Meaning['kind'], phrase: string): Meaning {
  if (phrase !== foldText(phrase)) throw new Error(`phrase "${phrase}" is not in folded form`);
  return {
    kind,
    index: 0,
    phrase,
    asValue: false,
    word: false,
    near: null,
    far: null,
    hedged: false,
    late: false,
    conditional: false,
    spaced: phrase.includes(' '),
  };
}
