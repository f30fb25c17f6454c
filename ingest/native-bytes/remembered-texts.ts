import type { AsciiCursor } from './ascii-cursor.ts';

/** A text that occurred before, and the value computed from it. */
export interface RememberedText<Value> {
  /** Unique; never given to another text. */
  readonly id: number;
  readonly value: Value;
}

/** Texts with more bytes are not worth remembering. */
const LONGEST = 256;
/** There are too few slots when more than one text per this many slots was replaced. */
const CROWDED = 8;
const FIRST_WORDS = 1024;
/**
 * Numbers per slot, side by side in memory: the hash of the text, its length in bytes, and the position of its bytes in
 * `#words`. The fourth number is unused.
 */
const SLOT = 4;
const LENGTH = 1;
const FROM = 2;
/** The length in a slot without a text. */
const FREE = -1;
let ids = 0;

/**
 * The values that `compute` returns, remembered by the bytes of the text: for known bytes no string is made. Each hash
 * has two slots; a new text replaces the one that was used longer ago. When texts are replaced too often, the number of
 * slots grows fourfold, up to a limit. With many texts most time is spent on memory access, so everything that is
 * compared is in two arrays.
 */
export class RememberedTexts<Value> {
  readonly #compute: (text: string) => Value;
  readonly #most: number;
  #texts: (RememberedText<Value> | null)[];
  #slots: Int32Array;
  /** The bytes of all texts, including some that were replaced. */
  #words = new Int32Array(FIRST_WORDS);
  #wordCount = 0;
  /** How many texts were replaced since the number of slots last changed. */
  #gone = 0;

  /** `slots` (at first) and `most` must be powers of two. */
  constructor(slots: number, compute: (text: string) => Value, most = slots) {
    this.#compute = compute;
    this.#most = most;
    this.#texts = noTexts(slots);
    this.#slots = noSlots(slots);
  }

  /**
   * The value for the text from `from` to `to`, which the cursor skipped last; null when it is too long to be
   * remembered.
   */
  of(cursor: AsciiCursor, from: number, to: number): RememberedText<Value> | null {
    const slot = cursor.hash & (this.#texts.length - 1);
    if (this.#holds(slot, cursor, from, to)) return this.#texts[slot] ?? null;
    const other = slot ^ 1;
    if (this.#holds(other, cursor, from, to)) {
      this.#swap(slot);
      return this.#texts[slot] ?? null;
    }
    if (to - from > LONGEST) return null;
    const { hash } = cursor;
    const text = { id: ids++, value: this.#compute(cursor.text(from, to)) };
    if (this.#gone * CROWDED > this.#texts.length && this.#texts.length < this.#most)
      this.#arrange(this.#texts.length * 4);
    else if (this.#wordCount + wordsIn(to - from) > this.#words.length) this.#arrange(this.#texts.length);
    const at = this.#wordCount;
    cursor.copy(from, to - from, this.#words, at);
    this.#add(text, hash, to - from, at);
    return text;
  }

  #holds(slot: number, cursor: AsciiCursor, from: number, to: number): boolean {
    const slots = this.#slots;
    const at = slot * SLOT;
    return (
      slots[at] === cursor.hash &&
      slots[at + LENGTH] === to - from &&
      cursor.isAt(from, to - from, this.#words, slots[at + FROM] ?? 0)
    );
  }

  #swap(slot: number): void {
    const [slots, texts, other] = [this.#slots, this.#texts, slot ^ 1];
    for (let i = 0; i < SLOT; i++) {
      const one = slots[slot * SLOT + i] ?? 0;
      slots[slot * SLOT + i] = slots[other * SLOT + i] ?? 0;
      slots[other * SLOT + i] = one;
    }
    const text = texts[slot] ?? null;
    texts[slot] = texts[other] ?? null;
    texts[other] = text;
  }

  /** Adds a text whose bytes are the next in `#words`. */
  #add(text: RememberedText<Value>, hash: number, length: number, from: number): void {
    const slot = hash & (this.#texts.length - 1);
    if (this.#texts[slot] !== null) {
      if (this.#texts[slot ^ 1] !== null) this.#gone++;
      this.#swap(slot);
    }
    this.#texts[slot] = text;
    this.#slots.set([hash, length, from], slot * SLOT);
    this.#wordCount += wordsIn(length);
  }

  /**
   * Moves all texts into `count` slots, which is cheaper than computing them again, and drops the bytes of replaced
   * texts.
   */
  #arrange(count: number): void {
    const [texts, slots, words] = [this.#texts, this.#slots, this.#words];
    let used = wordsIn(LONGEST);
    for (let at = LENGTH; at < slots.length; at += SLOT) used += wordsIn(Math.max(0, slots[at] ?? 0));
    this.#texts = noTexts(count);
    this.#slots = noSlots(count);
    this.#words = new Int32Array(used * 2);
    this.#wordCount = 0;
    this.#gone = 0;
    for (const [slot, text] of texts.entries()) {
      if (text === null) continue;
      const [hash = 0, length = 0, from = 0] = slots.subarray(slot * SLOT, slot * SLOT + SLOT);
      const at = this.#wordCount;
      this.#words.set(words.subarray(from, from + wordsIn(length)), at);
      this.#add(text, hash, length, at);
    }
  }
}

function wordsIn(bytes: number): number {
  return (bytes + 3) >>> 2;
}

function noTexts(slots: number): null[] {
  return Array.from({ length: slots }, () => null);
}

function noSlots(slots: number): Int32Array {
  return new Int32Array(slots * SLOT).fill(FREE);
}
