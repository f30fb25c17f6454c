import { type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Columns, TextColumn } from '../native-answer.ts';
import type { MoreMeasure, SumDimension } from './count-measures.ts';

/** Dimensions by which the rows of a block can be grouped. */
export type BlockDimension = SumDimension | 'class';

/** The texts of one dimension by row; empty when the block is not grouped by it. */
class RowTexts {
  readonly #column: TextColumn | undefined;

  constructor(column: TextColumn | undefined) {
    this.#column = column;
  }

  at(row: number): string {
    const column = this.#column;
    return column === undefined ? '' : (column.texts[column.places[row] ?? 0] ?? '');
  }
}

/**
 * Counts by interval and dimension set, as columns. Rows are sorted by the dimensions and then by time, so that the
 * rows of one dimension set, and of one organization, are adjacent.
 */
export class CountBlock {
  readonly rows: number;
  /** Start of the interval, epoch seconds. */
  readonly ts: Float64Array;
  readonly requests: Float64Array;
  readonly retries: Float64Array;
  readonly useless_retries: Float64Array;
  readonly input_tokens: Float64Array;
  /** Of failures only; 0 for successes. */
  readonly cost_usd: Float64Array;
  /** The values of the measures that were asked for; NaN when a value is not known. */
  readonly more: ReadonlyMap<MoreMeasure, Float64Array>;
  readonly texts: Readonly<Record<SumDimension, RowTexts>>;
  /** For each row the index of its dimension set within this block, from 0. */
  readonly series: Uint32Array;
  readonly #columns: ReadonlyMap<string, TextColumn>;
  readonly #classes: readonly RequestClass[];
  readonly #class: TextColumn | undefined;

  /** Takes the columns that `readCountSums` reads. */
  constructor({ rows, numbers, texts }: Columns, more: readonly MoreMeasure[]) {
    const column = (name: string): Float64Array => numbers.get(name) ?? new Float64Array(rows);
    const textsOf = (name: SumDimension): RowTexts => new RowTexts(texts.get(name));
    this.rows = rows;
    this.ts = column('at');
    this.requests = column('requests_sum');
    this.retries = column('retries_sum');
    this.useless_retries = column('useless_retries_sum');
    this.input_tokens = column('input_tokens_sum');
    this.cost_usd = column('usd');
    this.more = new Map(more.map((name) => [name, column(`${name}_sum`)]));
    this.texts = {
      provider: textsOf('provider'),
      org: textsOf('org'),
      project: textsOf('project'),
      api_key: textsOf('api_key'),
      client: textsOf('client'),
      region: textsOf('region'),
      model: textsOf('model'),
      subclass: textsOf('subclass'),
    };
    this.#columns = texts;
    this.#class = texts.get('class');
    this.#classes = (this.#class?.texts ?? []).map(
      (text) => requestClassNames.find((name) => name === text) ?? 'other',
    );
    const begins = beginsOf([...texts.values()], rows);
    this.series = new Uint32Array(rows);
    for (let row = 1; row < rows; row++) this.series[row] = (this.series[row - 1] ?? 0) + (begins[row] ?? 0);
  }

  classAt(row: number): RequestClass {
    return this.#classes[this.#class?.places[row] ?? 0] ?? 'other';
  }

  /** Indexes of the rows at which the values of these dimensions change, in order, followed by the number of rows. */
  runs(names: readonly BlockDimension[]): readonly number[] {
    const begins = beginsOf(
      names.flatMap((name) => this.#columns.get(name) ?? []),
      this.rows,
    );
    const runs: number[] = [];
    for (let row = 0; row < this.rows; row++) if (begins[row] === 1) runs.push(row);
    runs.push(this.rows);
    return runs;
  }

  /** The starts (epoch seconds) of the intervals that have rows. */
  get intervals(): Set<number> {
    const intervals = new Set<number>();
    let last = Number.NaN;
    for (const ts of this.ts) if (ts !== last) intervals.add((last = ts));
    return intervals;
  }
}

/** 1 for the first row and for each row that differs from the one before in any of the columns; otherwise 0. */
function beginsOf(columns: readonly TextColumn[], rows: number): Uint8Array {
  const begins = new Uint8Array(rows);
  begins[0] = 1;
  for (const { places } of columns)
    for (let row = 1; row < rows; row++) if (places[row] !== places[row - 1]) begins[row] = 1;
  return begins;
}
