/** Sessions of the embedded engine. Each is lent to one caller at a time. */
export interface SessionPool<T> {
  /**
   * Runs `act` with a session that nobody else uses; callers are served in order. A session on which something failed
   * is closed and replaced, because the engine prints the rest of a failed answer before the next one.
   */
  use<R>(act: (session: T) => Promise<R>): Promise<R>;
  /** Closes the sessions when nobody uses them. Callers that already wait are served first. */
  close(): Promise<void>;
}

/** A pool of at most `size` sessions; each opens when it is first needed. */
export function createSessionPool<T>(
  size: number,
  open: () => T | Promise<T>,
  close: (session: T) => void | Promise<void>,
): SessionPool<T> {
  const idle: T[] = [];
  const waiting: (() => void)[] = [];
  let lent = 0;

  async function take(): Promise<void> {
    if (lent >= size) await new Promise<void>((resolve) => waiting.push(resolve));
    else lent += 1;
  }

  function giveBack(): void {
    // The next caller gets the place directly, so no other caller can take it in between.
    const next = waiting.shift();
    if (next === undefined) lent -= 1;
    else next();
  }

  return {
    use: async (act) => {
      await take();
      try {
        const session = idle.pop() ?? (await open());
        try {
          const answer = await act(session);
          idle.push(session);
          return answer;
        } catch (error) {
          await close(session);
          throw error;
        }
      } finally {
        giveBack();
      }
    },
    close: async () => {
      // When this call has every place, nobody else has a session.
      for (let i = 0; i < size; i++) await take();
      for (const session of idle.splice(0)) await close(session);
      for (let i = 0; i < size; i++) giveBack();
    },
  };
}
