import type { Writable } from 'node:stream';

/** Writes texts to a stream that may be slow, or whose reader may close its end (`… | head`). */
export interface Pipe {
  /** Resolves when more may be written, when the reader has closed its end, or when the signal aborts. */
  write(text: string): Promise<void>;
  /** False when the reader has closed its end. */
  isOpen(): boolean;
  /** Removes the listeners from the stream; the stream itself stays open. */
  close(): void;
}

/**
 * Makes a `Pipe` to a stream. A reader that closes its end is normal, so EPIPE ends the writing without an error;
 * `write` throws other errors.
 */
export function openPipe(stream: Writable, signal: AbortSignal): Pipe {
  let open = !stream.destroyed;
  let failure: Error | null = null;
  let waiting: (() => void) | null = null;
  const wake = () => waiting?.();
  const onError = (error: Error) => {
    open = false;
    if (!('code' in error) || error.code !== 'EPIPE') failure = error;
    wake();
  };
  const onClose = () => {
    open = false;
    wake();
  };
  stream.on('error', onError);
  stream.on('close', onClose);
  stream.on('drain', wake);
  signal.addEventListener('abort', wake);
  return {
    async write(text) {
      if (failure === null && open && !stream.write(text) && !signal.aborted) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
      if (failure !== null) throw failure;
    },
    isOpen: () => open,
    close() {
      stream.off('close', onClose);
      stream.off('drain', wake);
      signal.removeEventListener('abort', wake);
      // The error listener stays: a late EPIPE of the last write must not crash the process.
    },
  };
}
