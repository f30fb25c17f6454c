import { type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Columns, TextColumn } from '../native-answer.ts';
import type { MoreMeasure, SumDimension } from './count-measures.ts';

/** What the rows of a block are told apart by. */
export type BlockDimension = SumDimension | 'class';

/** The texts of one dimension, by row; empty where it is not told apart. */
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
  readonly texts: Readonly<Record<SumDimension, RowTexts>>;
  /** For each row the number of its combination in this block, counted from 0. */
  readonly series: Uint32Array;
  readonly #columns: ReadonlyMap<string, TextColumn>;
  readonly #classes: readonly RequestClass[];
  readonly #class: TextColumn | undefined;

  /** Of the columns that `readCountSums` asks for. */
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

  /** Begins of the runs of rows that have the same values in these dimensions, in order; then the end of the last. */
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

  /** The intervals that have rows. */
  get intervals(): Set<number> {
    const intervals = new Set<number>();
    let last = Number.NaN;
    for (const ts of this.ts) if (ts !== last) intervals.add((last = ts));
    return intervals;
  }
}

/** 1 for each row that differs from the one before in one of the columns, and for the first. */
function beginsOf(columns: readonly TextColumn[], rows: number): Uint8Array {
  const begins = new Uint8Array(rows);
  begins[0] = 1;
  for (const { places } of columns)
    for (let row = 1; row < rows; row++) if (places[row] !== places[row - 1]) begins[row] = 1;
  return begins;
}
