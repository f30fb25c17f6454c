import type { Transform } from 'node:stream';

/** The input is damaged: the rest cannot be read, but everything before the damage can. */
export class DamageError extends Error {
  readonly code = 'damaged_input';
}

/** Everything could be read, but other bytes follow the end of the compressed data. */
export class TrailingError extends DamageError {}

/**
 * Drives a transform by hand: each piece is processed before the next piece is given, and everything that was made of
 * the pieces is delivered before a later error is thrown. A pipe of streams does not guarantee this.
 */
export class Pump<Made> {
  readonly #transform: Transform;
  #failure: Error | null = null;
  #hasEnded = false;
  #wake = (): void => {};

  constructor(transform: Transform) {
    this.#transform = transform;
    transform.on('readable', () => this.#wake());
    transform.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
    transform.on('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  async *feed(piece: Buffer): AsyncGenerator<Made> {
    let isDone = false;
    this.#transform.write(piece, () => {
      isDone = true;
      this.#wake();
    });
    yield* this.#made(() => isDone);
  }

  async *finish(): AsyncGenerator<Made> {
    this.#transform.end();
    yield* this.#made(() => this.#hasEnded);
  }

  async *#made(isOver: () => boolean): AsyncGenerator<Made> {
    for (;;) {
      const made: Made | null = this.#transform.read();
      if (made !== null) yield made;
      else if (this.#failure !== null) throw this.#failure;
      else if (isOver()) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
