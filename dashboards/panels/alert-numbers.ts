/** A query of a rule that only its text reads: one number by the labels of the rule. */
export interface RuleNumber {
  refId: string;
  sql: string;
}

/** A value of a query in Grafana's template language; 0 where the query has no row for these labels. */
export function number(refId: string): string {
  return `$values.${refId}.Value`;
}

/**
 * The texts of a kind (`matters`: names of evidence in braces) in Grafana's template language: the first of which all
 * numbers are there and none is 0, or nothing. Names that are labels are read from there; each other one needs the
 * query `refId`. A name that holds no number has no row there, so its text is not told.
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
