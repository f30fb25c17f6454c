const LEVELS = '▁▂▃▄▅▆▇█';

/** A line of at most `width` characters, one per value: the lowest bar is zero, a space is an unknown value. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = shrink(values, Math.max(1, width));
  const highest = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown.map((value) => bar(value, highest)).join('');
}

// Every value above zero is visible, because a single error must not look like none.
function bar(value: number | null, highest: number): string {
  if (value === null) return ' ';
  if (value <= 0) return LEVELS[0] ?? '';
  return LEVELS[Math.max(1, Math.ceil((value / highest) * (LEVELS.length - 1)))] ?? '';
}

/** Means of neighbouring values: each character represents an equal length of time. */
function shrink(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  if (values.length <= width) return values;
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width);
    const part = values.slice(from, Math.floor(((i + 1) * values.length) / width));
    const known = part.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}
