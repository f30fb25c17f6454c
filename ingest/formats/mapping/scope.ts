/** What paths are read from. */
export interface Scope {
  record: unknown;
  message: unknown;
  /** Set by a field that has a value of which nothing can be made. */
  odd: boolean;
}

/** A value out of a record; undefined when there is none. */
export type Read = (scope: Scope) => unknown;
