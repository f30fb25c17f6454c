/**
 * Where the JSON object or list at the start of the bytes ends (exclusive), after a byte order mark and blanks; -1 when
 * there is none, or when it is not complete. A line that holds a complete object or list is fully written, because no
 * shorter beginning of it is complete.
 */
export function jsonEnd(bytes: Buffer): number {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[start] === 32 || bytes[start] === 9) start++;
  if (bytes[start] !== 123 && bytes[start] !== 91) return -1;
  let depth = 0;
  let inString = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 92) at++;
      else if (byte === 34) inString = false;
    } else if (byte === 34) inString = true;
    else if (byte === 123 || byte === 91) depth++;
    else if ((byte === 125 || byte === 93) && --depth === 0) return at + 1;
  }
  return -1;
}

/** Whether the bytes are a complete JSON object or list with only blanks after it. */
export function isWholeJson(bytes: Buffer): boolean {
  const end = jsonEnd(bytes);
  return end >= 0 && bytes.toString('latin1', end).trim() === '';
}
