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

  /** A row with its line end. */
  add(row: string): void {
    // No character takes more than three bytes.
    const needed = this.#length + row.length * 3;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length += this.#bytes.write(row, this.#length, 'utf8');
  }

  /** All rows; null when there is none. A view that is valid until the next `add`. */
  all(): Buffer | null {
    return this.#length === 0 ? null : this.#bytes.subarray(0, this.#length);
  }

  /** Gives the memory back at once; nothing may be added or asked any more. */
  free(): void {
    this.#bytes.buffer.transfer(0);
  }

  #grow(needed: number): void {
    const size = Math.max(FIRST_BYTES, this.#bytes.length * 2, needed);
    this.#bytes = Buffer.from(this.#bytes.buffer.transfer(size));
  }
}
