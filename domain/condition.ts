/** A condition on a dimension: its value is one of these, or, when negated, none of them. */
export interface Condition {
  dimension: string;
  values: readonly string[];
  negate: boolean;
}

/**
 * Parses a text such as `class=slow_down,rate_limit` or `class!=ok`; null when the text is not a condition. A comma
 * that is part of a value is written `\,`, and a backslash that stands before a comma or another backslash is written
 * `\\`. Names and values are not checked.
 */
export function parseCondition(text: string): Condition | null {
  const parts = /^\s*(?<dimension>[^=!\s]+)\s*(?<operator>!?=)(?<values>.*)$/s.exec(text)?.groups;
  if (parts === undefined) return null;
  return {
    dimension: parts['dimension'] ?? '',
    negate: parts['operator'] === '!=',
    values: [...`,${parts['values'] ?? ''}`.matchAll(/,((?:\\[\\,]|[^,])*)/g)].map(([, value = '']) =>
      value.trim().replaceAll(/\\([\\,])/g, '$1'),
    ),
  };
}
