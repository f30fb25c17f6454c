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
 * has two slots, of which the newest text takes the one that was asked for longer ago. Where that is another's all the time, there
 * are four times as many slots, up to a bound, and what was remembered is forgotten once.
 */
export class RememberedTexts<Value> {
  readonly #compute: (text: string) => Value;
  readonly #most: number;
  #slots: (RememberedText<Value> | null)[];
  /** Texts that had to go since there are so many slots. */
  #gone = 0;

  /** The numbers of slots, at first and at most, are powers of two. */
  constructor(slots: number, compute: (text: string) => Value, most = slots) {
    this.#compute = compute;
    this.#most = most;
    this.#slots = empty(slots);
  }

  /** Of the text from `from` to `to`, which the cursor skipped last; null when it is too long to be remembered. */
  of(cursor: AsciiCursor, from: number, to: number): RememberedText<Value> | null {
    const slot = cursor.hash & (this.#slots.length - 1);
    const known = this.#slots[slot] ?? null;
    if (known !== null && known.words.length === to - from && cursor.holds(from, known.words)) return known;
    const other = slot ^ 1;
    const second = this.#slots[other] ?? null;
    if (second !== null && second.words.length === to - from && cursor.holds(from, second.words)) {
      this.#slots[other] = known;
      this.#slots[slot] = second;
      return second;
    }
    if (to - from > LONGEST) return null;
    const { hash } = cursor;
    const text = { id: ids++, value: this.#compute(cursor.text(from, to)), words: cursor.words(from, to) };
    if (second !== null && this.#slots.length < this.#most && ++this.#gone > this.#slots.length) {
      this.#slots = empty(this.#slots.length * 4);
      this.#gone = 0;
    } else this.#slots[other] = known;
    this.#slots[hash & (this.#slots.length - 1)] = text;
    return text;
  }
}

function empty(slots: number): null[] {
  return Array.from({ length: slots }, () => null);
}
