import type { AsciiCursor, Words } from './ascii-cursor.ts';

/** A stretch of the record that is read; empty where the record does not say it. */
export class Span {
  from = 0;
  /** Exclusive. */
  to = 0;
  /** A number that equal bytes share, where one was told. */
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

  /** The bytes, which are ASCII, as text. */
  text(cursor: AsciiCursor): string {
    return this.length === 0 ? '' : cursor.text(this.from, this.to);
  }

  /** Whether the bytes are these. */
  holds(cursor: AsciiCursor, words: Words): boolean {
    return this.length === words.length && (this.length === 0 || cursor.holds(this.from, words));
  }
}
