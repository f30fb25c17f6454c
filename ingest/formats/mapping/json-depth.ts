/** Deeper JSON is an attack or an accident; it must not reach any reader. */
export const DEEPEST = 64;

/**
 * Whether a JSON text nests deeper than `DEEPEST`. For an ordinary record a few fast searches decide; only a text with
 * many brackets is examined exactly.
 */
export function nestsTooDeeply(text: string): boolean {
  let openings = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++openings > DEEPEST) return deepest(text) > DEEPEST;
    }
  }
  return false;
}

/** Greatest nesting of brackets outside of strings, if the text is JSON. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (inString) {
      if (char === 92) at++;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 123 || char === 91) most = Math.max(most, ++depth);
    else if (char === 125 || char === 93) depth--;
  }
  return most;
}
