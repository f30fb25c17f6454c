/** A condition on a dimension: one of the values, or, negated, none of them. */
export interface Condition {
  dimension: string;
  values: readonly string[];
  negate: boolean;
}

/**
 * The condition that a text such as `class=slow_down,rate_limit` or `class!=ok` states; null where it states none. Names
 * and values are not checked.
 */
export function parseCondition(text: string): Condition | null {
  const parts = /^\s*(?<dimension>[^=!\s]+)\s*(?<operator>!?=)(?<values>.*)$/s.exec(text)?.groups;
  if (parts === undefined) return null;
  return {
    dimension: parts['dimension'] ?? '',
    negate: parts['operator'] === '!=',
    values: (parts['values'] ?? '').split(',').map((value) => value.trim()),
  };
}
