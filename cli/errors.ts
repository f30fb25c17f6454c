/** Exit codes of every command. */
export const EXIT = { ok: 0, found: 1, usage: 2 } as const;

/** An error whose message is one line for the user: it names the thing and says what to do. No stack is shown. */
export class UserError extends Error {
  /** 2 for wrong use (flags, settings), 1 for trouble outside (file, broker, server). */
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.usage, cause?: unknown) {
    super(message, { cause });
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}
