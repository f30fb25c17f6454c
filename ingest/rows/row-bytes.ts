const FIRST_BYTES = 16 * 1024;

/**
 * TabSeparated rows as bytes in a growing buffer. As strings they would take several times the memory, and garbage
 * collection would visit each of them repeatedly.
 */
export class RowBytes {
  #bytes = Buffer.from(new ArrayBuffer(0));
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a row, or the next part of one; the last part ends with the line end. */
  add(part: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.#reserve(part.length * 3);
    this.#length += this.#bytes.write(part, this.#length, 'utf8');
  }

  /** Adds the next part of a row, as bytes. */
  addBytes(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** All rows; null when there are none. The result is a view that is valid until the next `add`. */
  all(): Buffer | null {
    return this.#length === 0 ? null : this.#bytes.subarray(0, this.#length);
  }

  /** Frees the memory at once. The object cannot be used afterwards. */
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
