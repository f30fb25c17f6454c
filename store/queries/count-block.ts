import { type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Columns, TextColumn } from '../native-answer.ts';
import type { MoreMeasure, SumDimension } from './count-sums.ts';

/** What the rows of a block are told apart by. */
export type BlockDimension = SumDimension | 'class';

/**
 * Counts of intervals and combinations as columns, in order of the dimensions and within one combination of time: rows of
 * one combination, and of one organization, stand beside each other.
 */
export class CountBlock {
  readonly rows: number;
  /** Start of the interval, epoch seconds. */
  readonly ts: Float64Array;
  readonly requests: Float64Array;
  readonly retries: Float64Array;
  readonly useless_retries: Float64Array;
  readonly input_tokens: Float64Array;
  /** Of failures; 0 for successes. */
  readonly cost_usd: Float64Array;
  /** Measures that were asked for; NaN where nothing is known. */
  readonly more: ReadonlyMap<MoreMeasure, Float64Array>;
  /** For each row the number of its combination in this block, counted from 0. */
  readonly series: Uint32Array;
  readonly #texts: ReadonlyMap<string, TextColumn>;
  readonly #classes: readonly RequestClass[];

  /** Of the columns that `readCountBlock` asks for. */
  constructor({ rows, numbers, texts }: Columns, more: readonly MoreMeasure[]) {
    const column = (name: string): Float64Array => numbers.get(name) ?? new Float64Array(rows);
    this.rows = rows;
    this.ts = column('at');
    this.requests = column('requests_sum');
    this.retries = column('retries_sum');
    this.useless_retries = column('useless_retries_sum');
    this.input_tokens = column('input_tokens_sum');
    this.cost_usd = column('usd');
    this.more = new Map(more.map((name) => [name, column(`${name}_sum`)]));
    this.#texts = texts;
    this.#classes = (texts.get('class')?.texts ?? []).map(
      (text) => requestClassNames.find((name) => name === text) ?? 'other',
    );
    this.series = new Uint32Array(rows);
    const begins = runsOf([...texts.values()], rows);
    for (let n = 0; n + 1 < begins.length; n++) this.series.fill(n, begins[n], begins[n + 1]);
  }

  /** The value of a dimension; empty where it is not told apart. */
  text(name: SumDimension, row: number): string {
    const column = this.#texts.get(name);
    return column?.texts[column.places[row] ?? 0] ?? '';
  }

  class(row: number): RequestClass {
    return this.#classes[this.#texts.get('class')?.places[row] ?? 0] ?? 'other';
  }

  /** Begins of the runs of rows that have the same values in these dimensions, in order; then the end of the last. */
  runs(names: readonly BlockDimension[]): readonly number[] {
    return runsOf(
      names.flatMap((name) => this.#texts.get(name) ?? []),
      this.rows,
    );
  }

  /** The intervals that have rows. */
  get intervals(): Set<number> {
    return new Set(this.ts);
  }
}

function runsOf(columns: readonly TextColumn[], rows: number): number[] {
  const begins = rows === 0 ? [] : [0];
  for (let row = 1; row < rows; row++) {
    for (const { places } of columns) {
      if (places[row] === places[row - 1]) continue;
      begins.push(row);
      break;
    }
  }
  begins.push(rows);
  return begins;
}
