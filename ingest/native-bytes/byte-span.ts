import type { AsciiCursor, ComparableBytes } from './ascii-cursor.ts';

/** A part of the record that is being read; empty when the record has no such member. */
export class ByteSpan {
  from = 0;
  /** Exclusive. */
  to = 0;
  /** Hash of the bytes, if one was given. */
  hash = 0;

  clear(): void {
    this.set(0, 0);
  }

  set(from: number, to: number, hash = 0): void {
    this.from = from;
    this.to = to;
    this.hash = hash;
  }

  get length(): number {
    return this.to - this.from;
  }

  bytes(cursor: AsciiCursor): Buffer {
    return cursor.bytes.subarray(this.from, this.to);
  }

  /** The bytes as text; they are ASCII. */
  text(cursor: AsciiCursor): string {
    return this.length === 0 ? '' : cursor.text(this.from, this.to);
  }

  /** Whether the span holds exactly these bytes. */
  holds(cursor: AsciiCursor, words: ComparableBytes): boolean {
    return this.length === words.length && (this.length === 0 || cursor.holds(this.from, words));
  }
}
