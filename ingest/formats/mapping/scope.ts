import type { Path } from './path.ts';

/** What paths are read from. */
export interface Scope {
  record: unknown;
  message: unknown;
  /** Set by a field that has a value of which nothing can be made. */
  odd: boolean;
}

/** A value out of a record; undefined when there is none. */
export type Read = (scope: Scope) => unknown;

/** How paths of fields are read; tracing reads them so that it notes what was found. */
export type ReadPath = (scope: Scope, path: Path) => unknown;
