import type { Path } from './path.ts';

/** The values that paths are read from. */
export interface Scope {
  record: unknown;
  message: unknown;
  /** Set by a field whose value cannot be used. */
  odd: boolean;
}

/** Reads a value from a record; undefined when there is none. */
export type Read = (scope: Scope) => unknown;

/** How paths of fields are read; tracing also records which paths had a value. */
export type ReadPath = (scope: Scope, path: Path) => unknown;
