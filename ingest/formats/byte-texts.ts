/** Slots of one table, a power of two. */
const SLOTS = 4096;
/** A longer text is not remembered. */
const LONGEST = 256;

interface Entry {
  bytes: Uint8Array;
  value: string;
}

/**
 * A function from ASCII bytes to what `compute` makes of their text, with its answers remembered: for bytes that were
 * met before, no text is made. `hash` is any number that equal bytes share. Each hash has one slot, which the newest
 * text takes, so memory stays bounded. Answers null for texts that are too long to be remembered.
 */
export function byteTexts(
  compute: (text: string) => string,
): (source: Buffer, start: number, end: number, hash: number) => string | null {
  const slots: (Entry | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  return (source, start, end, hash) => {
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const entry = slots[slot];
    if (entry !== undefined && isEqual(entry.bytes, source, start, end)) return entry.value;
    if (end - start > LONGEST) return null;
    const value = compute(source.toString('latin1', start, end));
    slots[slot] = { bytes: new Uint8Array(source.subarray(start, end)), value };
    return value;
  };
}

function isEqual(bytes: Uint8Array, source: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== source[start + i]) return false;
  return true;
}
