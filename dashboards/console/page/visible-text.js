// @ts-check

/**
 * Characters that are invisible or turn the text around them. With them, two different names can look alike. Joiners
 * between letters of other scripts and in emoji are left out, because they belong to the spelling.
 */
const UNSEEN =
  /(?<![^\u0000-\u00ff])[\u200c\u200d]|(?![\u200c\u200d\n\r\t])[\p{Cf}\p{Cc}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/**
 * Replaces invisible characters by their codes, such as `‹U+202E›`.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(
    UNSEEN,
    (one) => `‹U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
