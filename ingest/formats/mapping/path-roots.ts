import type { Path } from './path.ts';

/** The values that paths are read from. */
export interface PathRoots {
  record: unknown;
  message: unknown;
  /** Set by a field whose value cannot be used. */
  odd: boolean;
}

/** Reads a value from a record; undefined when there is none. */
export type ReadValue = (scope: PathRoots) => unknown;

/** How paths of fields are read; tracing also records which paths had a value. */
export type ReadPath = (scope: PathRoots, path: Path) => unknown;
