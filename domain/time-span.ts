/** `[from, to)` in epoch seconds. */
export interface TimeSpan {
  from: number;
  to: number;
}
