/**
 * The symbols to which the search for phrases converts characters. Those below `firstSpecial` fit into six bits. The
 * others are never part of the result: they are left out, or replaced by what the characters after them mean.
 */
export const symbols = {
  /** Occurs in no phrase. */
  foreign: 0,
  space: 1,
  quote: 2,
  firstLetter: 3,
  /** From here on a symbol has a meaning even without a phrase: statuses start with 4 or 5. */
  firstEvent: 59,
  four: 59,
  five: 60,
  /** From here on a symbol occurs in no phrase. */
  firstSign: 61,
  chinese: 61,
  open: 62,
  close: 63,
  firstSpecial: 64,
  backslash: 64,
  escape: 65,
  ignored: 66,
} as const;

const characters: Readonly<Record<string, string>> = {
  // The bars at the end count as white space: terminals draw frames with them, and tools put one before log lines.
  space: ' \t\n\r\v\f\u00a0\u2028\u2029\u3000|\u2502\u2503\u2551\u258c\u2590',
  quote:
    '\'"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u300c\u300d\uff07\uff02\u00b4',
  open: '{[',
  close: '}]',
  backslash: '\\',
  escape: '\u001b',
  ignored: '\u200b\u200c\u200d\u00ad\ufeff*',
};

const asciiForms: Readonly<Record<string, string>> = {
  '：': ':',
  '，': ',',
  '（': '(',
  '–': '-',
  '—': '-',
  '‑': '-',
};

/** The most frequent letters come first, so that their transitions share a cache line. */
const frequentLetters = 'etaionsrldcumhpgyfbwvk_.';

/**
 * Makes the table from UTF-16 code units to symbols, for phrases of the given characters. Both cases of a letter have
 * one symbol; so have all white space, and all quotes.
 */
export function symbolTable(letters: string): Uint8Array {
  const table = new Uint8Array(65_536);
  const unique = [...new Set(frequentLetters + letters)].filter((letter) => !" '45".includes(letter));
  for (const [index, letter] of unique.entries()) {
    const symbol = symbols.firstLetter + index;
    table[letter.charCodeAt(0)] = symbol;
    table[letter.toUpperCase().charCodeAt(0)] = symbol;
  }
  table[52] = symbols.four;
  table[53] = symbols.five;
  for (const [form, ascii] of Object.entries(asciiForms))
    table[form.charCodeAt(0)] = table[ascii.charCodeAt(0)] ?? 0;
  for (const [name, list] of Object.entries(characters)) {
    const symbol = symbols[name as keyof typeof symbols];
    for (const character of list) table[character.charCodeAt(0)] = symbol;
  }
  table.fill(symbols.chinese, 0x4e00, 0xa000);
  return table;
}

/** True for letters, digits and the underscore, the characters of identifiers. */
export function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
  );
}

/**
 * Converts a text to the form that patterns expect: lower case, `'` for quotes, single spaces, and no backslashes,
 * asterisks or vertical lines of frames.
 */
export function toNormalForm(text: string): string {
  const lower = text.toLowerCase();
  if (!abnormal.test(lower)) return lower;
  return lower
    .replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\[nrt]/g, ' ')
    .replace(/[\\*]|\u200b|\u200c|\u200d|\u00ad|\ufeff/g, '')
    .replace(/["`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u300c\u300d\u00b4]/g, "'")
    .replace(/[\s|\u2502\u2503\u2551]+/g, ' ');
}

/** Matches everything that the normal form changes, except upper-case letters. */
const abnormal = /[^\x20-\x7e]|[\\*"`|]| {2}/;
