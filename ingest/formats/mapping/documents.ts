const [TAB, NEWLINE, RETURN, BLANK, QUOTE, BACKSLASH, OPEN, CLOSE] = [9, 10, 13, 32, 34, 92, 0x7b, 0x7d];

/**
 * The JSON objects in a text that has them directly one after the other, or with blanks between them. Firehose and
 * other writers without line ends produce such texts. Null when there are fewer than two objects, or when the text
 * holds anything else. Takes time linear in the length of the text.
 */
export function documentsIn(text: string): unknown[] | null {
  const found: unknown[] = [];
  let start = -1;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (depth > 0 && code === QUOTE) inString = true;
    else if (code === OPEN) {
      if (depth++ === 0) start = at;
    } else if (depth === 0) {
      if (code !== BLANK && code !== NEWLINE && code !== RETURN && code !== TAB) return null;
    } else if (code === CLOSE && --depth === 0) {
      try {
        found.push(JSON.parse(text.slice(start, at + 1)));
      } catch {
        return null;
      }
    }
  }
  return depth === 0 && found.length > 1 ? found : null;
}
