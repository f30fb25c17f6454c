import type { CountRow } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { Scope } from '../domain/incident.ts';
import { scopeColumns, type ScopeDimension, scopeDimensions } from './narrow-scope.ts';
import type { MoreMeasure } from '../store/queries/count-measures.ts';
import { type CountColumns, merged } from './count-columns.ts';

/** The dimensions of a count below the organization. */
export type Combination = Pick<
  CountRow,
  'project' | 'api_key' | 'client' | 'region' | 'model' | 'class' | 'subclass'
>;

/** What a view reads: the counts of one organization in order of time. */
interface Viewed {
  readonly provider: string;
  readonly org: string;
  readonly columns: CountColumns;
  readonly combinations: readonly Combination[];
}

/** Counts of one combination, in one interval or summed over several. `cost_usd` is the cost of failures. */
export type CountSum = Omit<CountRow, 'output_tokens'>;

/** Sums of one interval over combinations. `matching`: the requests that match. */
export interface IntervalSum {
  /** Start of the interval, epoch seconds. */
  ts: number;
  requests: number;
  matching: number;
}

export type IsMatching = (combination: Combination) => boolean;

/** Which requests of a row are meant: all, or only retries. */
export type Measure = 'requests' | 'retries';

/** The answers that a kind is about: of some classes, all of them or only retries. */
export interface Matching {
  classes: readonly RequestClass[];
  measure: Measure;
}

/** How many requests of a count match. */
export function matchingOf(row: CountSum, { classes, measure }: Matching): number {
  return classes.includes(row.class) ? row[measure] : 0;
}

/**
 * A part of an organization's counts: a span of time and some of the combinations. Nothing is copied; sums are computed
 * on demand in one pass over numbers. Times are epoch seconds of event time.
 */
export class View {
  readonly #counts: Viewed;
  readonly #first: number;
  readonly #last: number;
  /** One entry for each combination, 1 if the view contains it; null: it contains all. */
  readonly #mask: Uint8Array | null;

  constructor(counts: Viewed, first: number, last: number, mask: Uint8Array | null) {
    this.#counts = counts;
    this.#first = first;
    this.#last = last;
    this.#mask = mask;
  }

  /** The counts in `[from, to)`. */
  between(from: number, to: number): View {
    const { columns } = this.#counts;
    const first = Math.max(this.#first, columns.lowerBound(from));
    return new View(
      this.#counts,
      first,
      Math.max(first, Math.min(this.#last, columns.lowerBound(to))),
      this.#mask,
    );
  }

  /** The counts that have the values of the scope below provider and organization. */
  within(scope: Scope): View {
    const named = scopeDimensions.filter((name) => scope[name] !== undefined);
    if (named.length === 0) return this;
    return this.where((combination) =>
      named.every((name) => scope[name] === combination[scopeColumns[name]]),
    );
  }

  /** The counts of the combinations for which `isIn` is true. */
  where(isIn: IsMatching): View {
    const old = this.#mask;
    const { combinations } = this.#counts;
    const mask = new Uint8Array(combinations.length);
    for (let i = 0; i < mask.length; i++) {
      const combination = combinations[i];
      if (combination !== undefined && (old === null || old[i] === 1) && isIn(combination)) mask[i] = 1;
    }
    return new View(this.#counts, this.#first, this.#last, mask);
  }

  /** The same counts with these dimensions left empty. */
  without(names: readonly ScopeDimension[]): View {
    const empty = Object.fromEntries(names.map((name) => [scopeColumns[name], '']));
    const combinations = this.combinations.map((combination) => ({ ...combination, ...empty }));
    const { provider, org, columns } = this.#counts;
    return new View({ provider, org, columns, combinations }, this.#first, this.#last, this.#mask);
  }

  /**
   * Calls `visit` for each row in order of time, with the number of its combination, the start of its interval and its
   * requests.
   */
  each(visit: (which: number, ts: number, requests: number) => void): void {
    const { columns } = this.#counts;
    const { which, requests } = columns;
    const mask = this.#mask;
    for (let i = this.#first; i < this.#last; i++) {
      const number = which[i] ?? 0;
      if (mask === null || mask[number] === 1) visit(number, columns.ts(i), requests[i] ?? 0);
    }
  }

  /** Every known combination of the organization, by number; some have no rows in the view. */
  get combinations(): readonly Combination[] {
    return this.#counts.combinations;
  }

  /** Sums of each combination over the time of the view, in order of first appearance; `ts` is that first time. */
  sums(): CountSum[] {
    const { columns } = this.#counts;
    const places = new Int32Array(this.#counts.combinations.length);
    const sums: CountSum[] = [];
    for (let i = this.#first; i < this.#last; i++) {
      const number = columns.which[i] ?? 0;
      if (this.#mask !== null && this.#mask[number] !== 1) continue;
      const sum = sums[(places[number] ?? 0) - 1];
      if (sum === undefined) {
        places[number] = sums.push(this.#row(i));
        continue;
      }
      sum.requests += columns.requests[i] ?? 0;
      if (columns.retries !== null) sum.retries += columns.retries[i] ?? 0;
      if (columns.useless_retries !== null) sum.useless_retries += columns.useless_retries[i] ?? 0;
      if (columns.input_tokens !== null) sum.input_tokens += columns.input_tokens[i] ?? 0;
      if (columns.cost_usd !== null) sum.cost_usd += columns.cost_usd[i] ?? 0;
    }
    return sums;
  }

  /** Sums over all rows. */
  total(): Pick<CountSum, 'requests' | 'input_tokens'> {
    const { which, requests, input_tokens: tokens } = this.#counts.columns;
    const sum = { requests: 0, input_tokens: 0 };
    for (let i = this.#first; i < this.#last; i++) {
      if (this.#mask !== null && this.#mask[which[i] ?? 0] !== 1) continue;
      sum.requests += requests[i] ?? 0;
      if (tokens !== null) sum.input_tokens += tokens[i] ?? 0;
    }
    return sum;
  }

  /** Sums of each interval that has rows, in order of time. Without an argument no request counts as matching. */
  intervals({ classes, measure }: Matching = { classes: [], measure: 'requests' }): IntervalSum[] {
    const { columns } = this.#counts;
    const { which, requests, retries } = columns;
    const amounts = measure === 'requests' ? requests : retries;
    const matching = this.combinations.map((combination) => classes.includes(combination.class));
    const sums: IntervalSum[] = [];
    let sum: IntervalSum | undefined;
    for (let i = this.#first; i < this.#last; i++) {
      const number = which[i] ?? 0;
      if (this.#mask !== null && this.#mask[number] !== 1) continue;
      const at = columns.ts(i);
      if (sum?.ts !== at) sums.push((sum = { ts: at, requests: 0, matching: 0 }));
      sum.requests += requests[i] ?? 0;
      if (matching[number] === true) sum.matching += amounts?.[i] ?? 0;
    }
    return sums;
  }

  /** A measure that was asked for: each interval with a value, in order of time, merged over combinations. */
  values(name: MoreMeasure): { ts: number; value: number }[] {
    const { columns } = this.#counts;
    const { which, more } = columns;
    const column = more.get(name);
    const found: { ts: number; value: number }[] = [];
    if (column === undefined) return found;
    for (let i = this.#first; i < this.#last; i++) {
      const value = column[i] ?? Number.NaN;
      if (Number.isNaN(value) || (this.#mask !== null && this.#mask[which[i] ?? 0] !== 1)) continue;
      const at = columns.ts(i);
      const last = found.at(-1);
      if (last?.ts === at) last.value = merged(name, last.value, value);
      else found.push({ ts: at, value });
    }
    return found;
  }

  /** The rows as objects; use it for few rows. */
  rows(): CountSum[] {
    const rows: CountSum[] = [];
    for (let i = this.#first; i < this.#last; i++) {
      if (this.#mask === null || this.#mask[this.#counts.columns.which[i] ?? 0] === 1)
        rows.push(this.#row(i));
    }
    return rows;
  }

  /** Start of the first interval with a row of a matching combination; null for none. */
  first(isMatching: IsMatching = () => true): number | null {
    return this.#search(isMatching, 1);
  }

  /** Start of the last such interval; null for none. */
  last(isMatching: IsMatching = () => true): number | null {
    return this.#search(isMatching, -1);
  }

  /** Start of the last interval with an answer that matches; null for none. */
  lastMatching({ classes, measure }: Matching): number | null {
    return this.#search((combination) => classes.includes(combination.class), -1, measure);
  }

  #search(isMatching: IsMatching, direction: 1 | -1, measure: Measure = 'requests'): number | null {
    const { columns, combinations } = this.#counts;
    const amounts = columns[measure];
    for (
      let i = direction === 1 ? this.#first : this.#last - 1;
      i >= this.#first && i < this.#last;
      i += direction
    ) {
      const number = columns.which[i] ?? 0;
      if (this.#mask !== null && this.#mask[number] !== 1) continue;
      if ((amounts?.[i] ?? 0) === 0) continue;
      const combination = combinations[number];
      if (combination !== undefined && isMatching(combination)) return columns.ts(i);
    }
    return null;
  }

  #row(at: number): CountSum {
    const { provider, org, columns, combinations } = this.#counts;
    const combination = combinations[columns.which[at] ?? 0];
    if (combination === undefined) throw new Error('a row without its combination');
    return {
      ts: columns.ts(at),
      provider,
      org,
      project: combination.project,
      api_key: combination.api_key,
      client: combination.client,
      region: combination.region,
      model: combination.model,
      class: combination.class,
      subclass: combination.subclass,
      requests: columns.requests[at] ?? 0,
      retries: columns.retries?.[at] ?? 0,
      useless_retries: columns.useless_retries?.[at] ?? 0,
      input_tokens: columns.input_tokens?.[at] ?? 0,
      cost_usd: columns.cost_usd?.[at] ?? 0,
    };
  }
}
