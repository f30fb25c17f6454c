const FIRST_BYTES = 16 * 1024;

/**
 * TabSeparated rows as bytes that grow. Kept as texts they would take several times the memory, and the garbage
 * collector would look at each of them again and again.
 */
export class RowBytes {
  #bytes = Buffer.from(new ArrayBuffer(0));
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A row, or the next part of one; the last part holds the line end. */
  add(part: string): void {
    // No character takes more than three bytes.
    this.#reserve(part.length * 3);
    this.#length += this.#bytes.write(part, this.#length, 'utf8');
  }

  /** The next part of a row, as the bytes that it has. */
  addBytes(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** All rows; null when there is none. A view that is valid until the next `add`. */
  all(): Buffer | null {
    return this.#length === 0 ? null : this.#bytes.subarray(0, this.#length);
  }

  /** Gives the memory back at once; nothing may be added or asked any more. */
  free(): void {
    this.#bytes.buffer.transfer(0);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const size = Math.max(FIRST_BYTES, this.#bytes.length * 2, needed);
    this.#bytes = Buffer.from(this.#bytes.buffer.transfer(size));
  }
}
