/** The result of `readJson` for a text that is not JSON. */
export const unreadable = Symbol('unreadable');

/**
 * Parses a JSON text. If the text was cut off, the function closes the open brackets and leaves out a member without a
 * value. Returns `unreadable` for every other text. Takes time linear in the length of the text.
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return readCut(text);
  }
}

function readCut(text: string): unknown {
  const closers: string[] = [];
  let inString = false;
  // The end of the complete part of the text: after the last bracket, or before the last comma.
  let whole = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) {
      closers.push(code === 123 ? '}' : ']');
      whole = i + 1;
    } else if (code === 125 || code === 93) {
      closers.pop();
      whole = i + 1;
      if (closers.length === 0) return unreadable;
    } else if (code === 44) whole = i;
  }
  if (closers.length === 0) return unreadable;
  const end = closers.reverse().join('');
  const attempts = inString ? [`${withoutHalfEscape(text)}"${end}`] : [text + end];
  for (const attempt of [...attempts, text.slice(0, whole) + end]) {
    try {
      return JSON.parse(attempt) as unknown;
    } catch {
      // The next attempt omits more of the end.
    }
  }
  return unreadable;
}

/** Removes an escape sequence such as `\u00e4` that was cut in the middle. */
function withoutHalfEscape(text: string): string {
  const tail = /(?:^|[^\\])(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$/.exec(text.slice(-64))?.[1] ?? '';
  return text.slice(0, text.length - tail.length);
}
