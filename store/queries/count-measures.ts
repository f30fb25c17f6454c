/** Dimensions by which counts can be grouped, besides the class. */
export const sumDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'subclass',
] as const;
export type SumDimension = (typeof sumDimensions)[number];

/**
 * Measures that are read only on demand. `column` names the column of the table; `merge` says how the values of several
 * rows become one; `fine` is true for the limits that answers report, which exist only in counts per 10 s. `spend_usd`
 * is the cost of all requests, not only of failures.
 */
export const moreMeasures = {
  output_tokens: { column: 'output_tokens', merge: 'sum', fine: false },
  latency_ms_sum: { column: 'latency_ms_sum', merge: 'sum', fine: false },
  spend_usd: { column: 'cost_usd', merge: 'sum', fine: false },
  remaining_requests: { column: 'min_remaining_requests', merge: 'min', fine: true },
  limit_requests: { column: 'limit_requests', merge: 'max', fine: true },
  remaining_tokens: { column: 'min_remaining_tokens', merge: 'min', fine: true },
  limit_tokens: { column: 'limit_tokens', merge: 'max', fine: true },
} as const satisfies Readonly<
  Record<string, { column: string; merge: 'sum' | 'min' | 'max'; fine: boolean }>
>;
export type MoreMeasure = keyof typeof moreMeasures;
