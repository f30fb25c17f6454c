/**
 * Why stored errors are not judged again: `running` (another process does it), `taken` (another process has taken
 * over), `half_in` (a correction is in some tables only, and cannot be repeated), `cluster` (not supported on a
 * cluster).
 */
export type ReclassifyErrorCode = 'running' | 'taken' | 'half_in' | 'cluster';

/** Its message is one line for the reader. */
export class ReclassifyError extends Error {
  readonly code: ReclassifyErrorCode;
  constructor(code: ReclassifyErrorCode, message: string) {
    super(message);
    this.name = 'ReclassifyError';
    this.code = code;
  }
}
