/** A query that only the text of a rule uses: one number for each combination of the rule's labels. */
export interface RuleNumber {
  refId: string;
  sql: string;
}

/** The value of a query in Grafana's template language; 0 when the query has no row for these labels. */
export function number(refId: string): string {
  return `$values.${refId}.Value`;
}

/**
 * Translates the texts of a kind (`matters`: names of evidence in braces) into Grafana's template language. The result
 * is the first text whose numbers all exist and are not 0; otherwise it is empty. Names that are labels are read from
 * the labels; each other name needs a query `refId`. A name without a number has no row in its query, so its text is
 * not shown.
 */
export function numbersOf(
  matters: readonly string[],
  labels: readonly string[],
): { numbers: { refId: string; name: string }[]; text: string } {
  const numbers: { refId: string; name: string }[] = [];
  const valueOf = (name: string): string => {
    if (labels.includes(name)) return `$labels.${name}`;
    let found = numbers.find((one) => one.name === name);
    if (found === undefined) numbers.push((found = { refId: `N${numbers.length + 1}`, name }));
    return number(found.refId);
  };
  const branches = matters.map((matter) => {
    const values: string[] = [];
    const text = matter.replaceAll(/\{(\w+)(:%)?\}/g, (_, name: string, percent: string | undefined) => {
      const value = valueOf(name);
      values.push(value);
      if (value.startsWith('$labels.')) return `{{ ${value} }}`;
      return `{{ ${percent === undefined ? 'humanize' : 'humanizePercentage'} ${value} }}`;
    });
    return { condition: values.length === 1 ? values.join('') : `and ${values.join(' ')}`, text };
  });
  const [first, ...rest] = branches;
  if (first === undefined) return { numbers, text: '' };
  const others = rest.map(({ condition, text }) => `{{ else if ${condition} }}${text}.`).join('');
  return { numbers, text: `{{ if ${first.condition} }}${first.text}.${others}{{ end }}` };
}
