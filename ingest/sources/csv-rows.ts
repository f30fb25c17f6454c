import { CsvError, parse } from 'csv-parse';
import type { CsvDelimiter } from './input-shape.ts';
import { LONGEST_LINE } from './line-splitter.ts';
import { DamageError } from './pump.ts';
import { through } from './transform.ts';

/**
 * Rows under a header as JSON objects: the names of columns with the texts of their cells. An empty cell is absent, and
 * an extra cell is called `column_N`. Throws `DamageError` when a quote is not closed or a row is too long.
 */
export async function* csvRows(
  pieces: AsyncIterable<Buffer>,
  delimiter: CsvDelimiter,
): AsyncGenerator<Buffer> {
  let names: readonly string[] | null = null;
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    // Removes blanks after a separator, as in `ts, status`. With tabs as separators this would also remove empty cells.
    trim: delimiter !== '\t',
    skip_empty_lines: true,
    max_record_size: LONGEST_LINE,
  });
  try {
    for await (const cells of through<readonly string[]>(pieces, parser)) {
      if (names === null) names = namesOf(cells);
      else yield Buffer.from(rowText(names, cells));
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // With the settings above no other error is possible.
    throw new DamageError('has a quote that is not closed, or a row of over 4 MiB');
  }
}

/**
 * What exports write after the name of a column: Log Analytics writes the zone, others write the type. A unit after a
 * name is kept, because it changes the meaning of the value.
 */
const TYPE =
  / ?\[(?:utc|text|string|varchar|json|dynamic|guid|datetime|timestamp|int|integer|long|bigint|real|float|double|bool|boolean)\]$/i;

/** The names of the columns. A name that occurred before gets its position too, such as `name_3`. */
function namesOf(cells: readonly string[]): string[] {
  const names: string[] = [];
  for (const [at, cell] of cells.entries()) {
    const told = cell.trim().replace(TYPE, '');
    const name = told === '' ? `column_${at + 1}` : told;
    names.push(names.includes(name) ? `${name}_${at + 1}` : name);
  }
  return names;
}

function rowText(names: readonly string[], cells: readonly string[]): string {
  const members = cells.flatMap((cell, at) => {
    const name = names[at] ?? `column_${at + 1}`;
    return cell === '' ? [] : [`${JSON.stringify(name)}:${JSON.stringify(cell)}`];
  });
  return `{${members.join(',')}}`;
}
