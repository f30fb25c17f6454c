import { type CountSum, type Matching, matchingOf } from './view.ts';
import { scopeColumns, type ScopeDimension } from './narrow-scope.ts';

/** A value of a dimension, with its requests and how many of them match. */
export interface ComparedValue {
  name: string;
  requests: number;
  matching: number;
}

/**
 * The values of a dimension, those with most matching answers first, then by name. Rows without a value are left out.
 */
export function compareBy(
  sums: readonly CountSum[],
  matching: Matching,
  dimension: ScopeDimension,
): ComparedValue[] {
  const found = new Map<string, ComparedValue>();
  for (const row of sums) {
    const name = row[scopeColumns[dimension]];
    if (name === '') continue;
    const value = found.get(name) ?? { name, requests: 0, matching: 0 };
    found.set(name, value);
    value.requests += row.requests;
    value.matching += matchingOf(row, matching);
  }
  return [...found.values()].sort((a, b) => b.matching - a.matching || (a.name < b.name ? -1 : 1));
}

/** The sums of all rows, as one value. */
export function total(sums: readonly CountSum[], matching: Matching, name = ''): ComparedValue {
  const all = { name, requests: 0, matching: 0 };
  for (const row of sums) {
    all.requests += row.requests;
    all.matching += matchingOf(row, matching);
  }
  return all;
}

/** Fewer requests than this never prove that a value works. */
const LEAST_REQUESTS = 5;
/** A value works only if its requests would have had at least this many failures at the worst failure rate. */
const LEAST_EXPECTED = 3;

/**
 * Names the values that fail (at least half of the worst rate) and those that work (under a tenth of the worst rate,
 * with enough requests). All other values are in neither list.
 */
export function failingAndWorking(values: readonly ComparedValue[]): {
  failing: string[];
  working: string[];
} {
  const rateOf = ({ requests, matching }: ComparedValue): number =>
    requests === 0 ? 0 : matching / requests;
  // The worst rate among values with enough matching answers: one failure of one request would otherwise count as the
  // worst.
  const most = values.reduce((sum, { matching }) => Math.max(sum, matching), 0);
  const worst = Math.max(0, ...values.filter(({ matching }) => matching >= most / 10).map(rateOf));
  return {
    failing: values.filter((one) => one.matching > 0 && rateOf(one) >= worst / 2).map(({ name }) => name),
    working: values
      .filter(
        (one) =>
          one.requests >= LEAST_REQUESTS &&
          one.requests * worst >= LEAST_EXPECTED &&
          rateOf(one) < worst / 10,
      )
      .map(({ name }) => name),
  };
}
