/** One line of the table: what was measured, and whether its target holds; `holds` null: there is no target. */
export interface Line {
  what: string;
  value: string;
  target: string;
  holds: boolean | null;
}

/** The result of one part of the bench. */
export interface Finding {
  lines: Line[];
  /** The results as numbers, for the last line of the output. */
  figures: Record<string, unknown>;
}

/** The lines as a text table. */
export function table(lines: readonly Line[]): string {
  const cells = lines.map(({ what, value, target, holds }) => [
    what,
    value,
    target,
    holds === null ? '' : holds ? 'yes' : 'NO',
  ]);
  const all = [['measured', 'value', 'target', 'holds'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const text = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [text[0], widths.map((width) => '-'.repeat(width)).join('  '), ...text.slice(1)].join('\n');
}

/** A line with a target. */
export function goal(what: string, value: string, target: string, holds: boolean): Line {
  return { what, value, target, holds };
}

/** A line without a target. */
export function fact(what: string, value: string): Line {
  return { what, value, target: '', holds: null };
}

/** 123456.7 as `123,457`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A number with two decimals. */
export function fine(value: number): string {
  return value.toFixed(2);
}
