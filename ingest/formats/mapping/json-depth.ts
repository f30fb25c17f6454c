/** Deeper JSON is an attack or an accident; no reader may meet it. */
export const DEEPEST = 64;

/** Counts only when there are enough brackets for it, which three or four fast searches tell for a plain record. */
export function nestsTooDeeply(text: string): boolean {
  let openings = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++openings > DEEPEST) return deepest(text) > DEEPEST;
    }
  }
  return false;
}

/** Greatest nesting of brackets outside of strings, as far as the text is JSON. */
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
