import type { Paint, Painter } from './color.ts';
import { clip, printable, textWidth } from './text.ts';

export interface TableColumn {
  title: string;
  align?: 'left' | 'right';
  /** The column may be cut to this width when the terminal is narrow. */
  shrinkTo?: number;
  /** The column is left out when the terminal is still too narrow; the last such column is the first to be left out. */
  optional?: boolean;
}

export interface TableCell {
  text: string;
  paints?: readonly Paint[];
  /** Draws the cell again for a smaller width. It is for charts and other texts that would mislead when cut. */
  fit?: (width: number) => string;
}

/**
 * Lines of an aligned table, not wider than `width` if cutting makes that possible. Control characters in cells are
 * replaced.
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
  paint: Painter,
): readonly string[] {
  const clean = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const natural = columns.map((column, i) =>
    Math.max(textWidth(column.title), ...clean.map((row) => textWidth(row[i]?.text ?? ''))),
  );
  const kept = keepColumns(columns, natural, width);
  const widths = shrinkWidths(columns, natural, kept, width);
  const header = kept.map((i) => pad(columns[i]?.title ?? '', widths[i] ?? 0, columns[i]?.align));
  return [
    paint(header.join('  ').trimEnd(), 'bold'),
    ...clean.map((row) =>
      kept
        .map((i) => {
          const cell = row[i] ?? { text: '' };
          return paint(
            pad(fitted(cell, widths[i] ?? 0), widths[i] ?? 0, columns[i]?.align),
            ...(cell.paints ?? []),
          );
        })
        .join('  ')
        .trimEnd(),
    ),
  ];
}

function keepColumns(
  columns: readonly TableColumn[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  let kept = columns.map((_, i) => i);
  const least = (i: number) => Math.min(natural[i] ?? 0, columns[i]?.shrinkTo ?? Number.POSITIVE_INFINITY);
  while (total(kept, least) > width) {
    const out = kept.findLast((i) => columns[i]?.optional === true);
    if (out === undefined) return kept;
    kept = kept.filter((i) => i !== out);
  }
  return kept;
}

/** Repeatedly narrows the widest column that may shrink, until the row fits. */
function shrinkWidths(
  columns: readonly TableColumn[],
  natural: readonly number[],
  kept: readonly number[],
  width: number,
): readonly number[] {
  const widths = [...natural];
  while (total(kept, (i) => widths[i] ?? 0) > width) {
    const widest = kept
      .filter((i) => (widths[i] ?? 0) > (columns[i]?.shrinkTo ?? Number.POSITIVE_INFINITY))
      .sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function total(kept: readonly number[], widthOf: (i: number) => number): number {
  return kept.reduce((sum, i) => sum + widthOf(i), 2 * Math.max(0, kept.length - 1));
}

function fitted({ text, fit }: TableCell, width: number): string {
  return fit !== undefined && textWidth(text) > width ? fit(width) : text;
}

function pad(text: string, width: number, align: TableColumn['align'] = 'left'): string {
  const clipped = clip(text, width);
  const space = ' '.repeat(Math.max(0, width - textWidth(clipped)));
  return align === 'right' ? space + clipped : clipped + space;
}
