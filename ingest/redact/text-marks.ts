/** Shortest base64 or hex text that can hold a secret. */
const LONG_ENCODED = 24;
/**
 * A credential has at least LONG_WORD letters, digits, `_` and `-` in a row; or it has at least LONG_RUN characters
 * with a digit among them, where `+ / . ~ = :` count too.
 */
const LONG_WORD = 20;
const LONG_RUN = 16;

// What a character can be part of, one bit each; a character can have several bits.
const WORD = 1;
const RUN = 2;
const DIGIT = 4;
const ENCODING = 8;
const BASE64 = 16;
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[0-9]/.test(char)) return WORD | RUN | DIGIT | BASE64;
  if (/[A-Za-z_-]/.test(char)) return WORD | RUN | BASE64;
  if (/[+/]/.test(char)) return RUN | BASE64;
  if (/[.~=:]/.test(char)) return RUN;
  return /[\\%&[]/.test(char) || (code < 32 && !/[\t\n\r]/.test(char)) || code === 127 ? ENCODING : 0;
});

/** What one pass over the characters of a text finds. */
export interface TextMarks {
  /** Whether it holds a word long enough for a credential or an encoded text. */
  hasLongWord: boolean;
  /** Whether it holds a word that can be base64 or hex. */
  hasEncodable: boolean;
  /** Whether it holds a character that starts an encoding. */
  mayBeEncoded: boolean;
}

export function marksOf(text: string): TextMarks {
  let word = 0;
  let run = 0;
  let encodable = 0;
  // The kinds of all characters, and of those in the present run.
  let met = 0;
  let inRun = 0;
  let hasLongWord = false;
  let hasEncodable = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (kinds[code] ?? 0) : isUnseen(code) ? ENCODING : 0;
    met |= kind;
    if ((kind & RUN) === 0) {
      word = 0;
      run = 0;
      inRun = 0;
      encodable = 0;
      continue;
    }
    run++;
    inRun |= kind;
    if ((kind & BASE64) === 0) encodable = 0;
    else if (++encodable >= LONG_ENCODED) hasEncodable = true;
    if ((kind & WORD) === 0) word = 0;
    else if (++word >= LONG_WORD) hasLongWord = true;
    if (run >= LONG_RUN && (inRun & DIGIT) !== 0) hasLongWord = true;
  }
  // A form encodes blanks as plus signs.
  const isForm = run === text.length && text.includes('+');
  return { hasLongWord, hasEncodable, mayBeEncoded: (met & ENCODING) !== 0 || isForm };
}

/** Soft hyphen, zero-width characters, byte order mark. */
function isUnseen(code: number): boolean {
  return code === 0xad || (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff;
}
