/** Sessions of the embedded engine, each lent to one caller at a time. */
export interface SessionPool<T> {
  /**
   * Runs `act` with a session of its own, after those that asked before. A session on which something failed is
   * replaced: the engine prints what was left of a failed answer before the next one.
   */
  use<R>(act: (session: T) => Promise<R>): Promise<R>;
  /** Closes the sessions once nobody uses them; who still waits is served before. */
  close(): Promise<void>;
}

/** A pool of at most `size` sessions, opened when they are first needed. */
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
    // The place goes to the next in line without becoming free in between.
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
      // Holding every place means that nobody holds a session.
      for (let i = 0; i < size; i++) await take();
      for (const session of idle.splice(0)) await close(session);
      for (let i = 0; i < size; i++) giveBack();
    },
  };
}
