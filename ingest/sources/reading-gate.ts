/**
 * Whether one partition may be read, and from which offset: the result of the calls of `seek`, `pause`, `resume` and
 * `stop` of a source.
 */
export class ReadingGate {
  /** Offset of the first requested record. */
  at = 0;
  /** Raised by each `seek`: records that were read before it must not be delivered. */
  seeks = 0;
  stopped = false;
  /** Nothing is read before the start is decided. */
  paused = true;
  readonly #waiting = new Set<() => void>();

  seek(offset: number): void {
    this.at = offset;
    this.seeks++;
    this.#wake();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#wake();
  }

  stop(): void {
    this.stopped = true;
    this.#wake();
  }

  /** Resolves to true when reading may continue, and to false when it was stopped. */
  async opened(): Promise<boolean> {
    while (this.paused && !this.stopped) await this.woken();
    return !this.stopped;
  }

  /** Resolves at the next `seek`, `resume` or `stop`, or after `ms` milliseconds. */
  async woken(ms?: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
