import type { AsciiCursor, Words } from './ascii-cursor.ts';

/** A text that has been met, and what was made of it. */
export interface RememberedText<Value> {
  /** Never given twice. */
  readonly id: number;
  readonly value: Value;
  readonly words: Words;
}

/** More bytes than any text that is worth remembering has. */
const LONGEST = 256;
let ids = 0;

/**
 * What `compute` makes of texts, remembered by their bytes: for bytes that were met before no text is made. Each hash
 * has one slot, which the newest text takes, so memory stays bounded.
 */
export class RememberedTexts<Value> {
  readonly #compute: (text: string) => Value;
  readonly #slots: (RememberedText<Value> | null)[];

  /** The number of slots is a power of two. */
  constructor(slots: number, compute: (text: string) => Value) {
    this.#compute = compute;
    this.#slots = Array.from({ length: slots }, () => null);
  }

  /** Of the text from `from` to `to`, which the cursor skipped last; null when it is too long to be remembered. */
  of(cursor: AsciiCursor, from: number, to: number): RememberedText<Value> | null {
    const slot = cursor.hash & (this.#slots.length - 1);
    const known = this.#slots[slot] ?? null;
    if (known !== null && known.words.length === to - from && cursor.holds(from, known.words)) return known;
    if (to - from > LONGEST) return null;
    const text = { id: ids++, value: this.#compute(cursor.text(from, to)), words: cursor.words(from, to) };
    this.#slots[slot] = text;
    return text;
  }
}
