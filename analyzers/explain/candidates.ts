import type { ExplainedCombination, Combinations, ExplainSums } from './combinations.ts';

/** A scope that failed more than its usual rate predicts. */
export interface Candidate extends ScopeSums {
  /** Values by position of the dimension; other dimensions can have any value. */
  named: ReadonlyMap<number, string>;
  /** Positions, in the list of combinations, of those in the scope that had requests in the span. */
  members: readonly number[];
  /**
   * Logarithm of the number of scopes with these dimensions. A scope pays this price, because among many scopes one
   * fails more by chance.
   */
  cost: number;
  /** How unlikely it is that chance made its failures; see `rise`. */
  rise: number;
}

const MOST_DIMENSIONS = 3;
/**
 * A rise counts as real if chance makes one as large, in any scope of the same dimensions, at most once in this many
 * searches.
 */
const LOOKS_PER_ACCIDENT = 100;
/**
 * Largest number of combinations in all candidates together, because judging this many takes about a quarter of a
 * second.
 */
const MOST_MEMBERS = 100_000;
/**
 * For each combination of the traffic the limit grows by this many, so that with very many combinations more than a few
 * scopes fit.
 */
const MOST_MEMBERS_EACH = 5;

/** True for a rise that is too large for chance, even though many scopes were compared. */
export function isBeyondChance({ rise: seen, cost }: Pick<Candidate, 'rise' | 'cost'>): boolean {
  return seen > cost + Math.log(LOOKS_PER_ACCIDENT);
}

/**
 * Finds scopes of up to three dimensions, and all traffic, whose rise is larger than their cost: chance alone makes a
 * rise as large in less than one of all scopes of the same dimensions. Empty unless at least one rise is beyond chance
 * (`isBeyondChance`). A scope names no empty value, and no dimension that has only one value. Scopes with fewer
 * dimensions come first, then the order of dimensions and combinations decides. With very many combinations only the
 * largest rises are kept.
 */
export function findCandidates({ list, prior }: Combinations): readonly Candidate[] {
  const dimensions = codeDimensions(list);
  const found: (Candidate & { order: number })[] = [];
  for (const kind of kindsOf(dimensions.length)) {
    const chosen = kind.map((i) => dimensions[i]).filter((one) => one !== undefined);
    const cost =
      logChoose(dimensions.length, kind.length) +
      chosen.reduce((sum, { values }) => sum + Math.log(values.length), 0);
    const { codes, scopes } = sumUp(list, chosen);
    const members = new Map<number, number[]>();
    for (const [code, { first, ...sums }] of scopes) {
      const named = new Map(chosen.map(({ position }) => [position, list[first]?.values[position] ?? '']));
      const seen = rise(sums, prior);
      if (seen <= cost || [...named.values()].includes('')) continue;
      const own: number[] = [];
      members.set(code, own);
      found.push({ ...sums, named, cost, rise: seen, members: own, order: found.length });
    }
    if (members.size === 0) continue;
    for (const [i, { requests }] of list.entries()) if (requests > 0) members.get(codes[i] ?? 0)?.push(i);
  }
  if (!found.some(isBeyondChance)) return [];
  return withinBudget(found, MOST_MEMBERS + MOST_MEMBERS_EACH * list.length).sort(
    (a, b) => a.order - b.order,
  );
}

/** Keeps the largest rises whose combinations fit into the limit. */
function withinBudget<One extends Candidate>(found: readonly One[], budget: number): One[] {
  let left = budget;
  const kept: One[] = [];
  for (const one of [...found].sort((a, b) => b.rise - a.rise)) {
    if (one.members.length > left) continue;
    left -= one.members.length;
    kept.push(one);
  }
  return kept;
}

/** Sums of a scope, with the failures that the usual rates of its combinations predict. */
export type ScopeSums = Omit<ExplainSums, 'values'> & { expected: number };

/**
 * How unlikely it is that chance made the failures in the span: minus the logarithm of Chernoff's bound on the
 * probability that at least this many of the failures, before and now together, fall into the span. The scope must fail
 * more than at its own usual rate, and more than the usual rates of its combinations predict, because more traffic of a
 * part that always fails is not a rise; otherwise the result is 0. A scope without requests before gets the rate of the
 * prior.
 */
export function rise(sums: ScopeSums, prior: Combinations['prior']): number {
  const usual = sums.usual_failures + prior.failures;
  const byOwnRate = (sums.requests * usual) / (sums.usual_requests + prior.requests);
  return aboveChance(sums.failures, Math.max(byOwnRate, sums.expected), usual);
}

/**
 * The rise when `usual` failures in the time before predict `expected` failures now; 0 when there are no more than
 * `expected`.
 */
function aboveChance(failures: number, expected: number, usual: number): number {
  if (failures <= expected) return 0;
  const [fraction, seen] = [expected / (expected + usual), failures / (failures + usual)];
  return failures * Math.log(seen / fraction) + usual * Math.log((1 - seen) / (1 - fraction));
}

type Sums = ScopeSums & { first: number };

interface CodedDimension {
  /** Position among the dimensions of the rows. */
  position: number;
  values: readonly string[];
  /** For each combination, the number that stands for its value of this dimension. */
  codes: Int32Array;
}

function codeDimensions(list: readonly ExplainedCombination[]): readonly CodedDimension[] {
  const coded = (list[0]?.values ?? []).map((_, position) => {
    const numbers = new Map<string, number>();
    const codes = new Int32Array(list.length);
    for (const [i, { values }] of list.entries()) {
      const value = values[position] ?? '';
      const number = numbers.get(value) ?? numbers.size;
      numbers.set(value, number);
      codes[i] = number;
    }
    return { position, values: [...numbers.keys()], codes };
  });
  return coded.filter(({ values }) => values.length > 1);
}

/**
 * Adds up every scope of the chosen dimensions. Each scope gets a number. Returns the sums by number, and the number of
 * the scope for each combination.
 */
function sumUp(
  list: readonly ExplainedCombination[],
  chosen: readonly CodedDimension[],
): { codes: Float64Array; scopes: ReadonlyMap<number, Sums> } {
  const scopes = new Map<number, Sums>();
  const codes = new Float64Array(list.length);
  for (const [i, combination] of list.entries()) {
    let code = 0;
    for (const dimension of chosen) code = code * dimension.values.length + (dimension.codes[i] ?? 0);
    codes[i] = code;
    const scope = scopes.get(code);
    if (scope === undefined) scopes.set(code, { ...sumsOf(combination), first: i });
    else add(scope, combination);
  }
  return { codes, scopes };
}

/** All choices of up to three dimensions, smaller choices first. */
function kindsOf(dimensions: number): readonly (readonly number[])[] {
  let size: (readonly number[])[] = [[]];
  const kinds = [...size];
  for (let n = 0; n < MOST_DIMENSIONS; n++) {
    size = size.flatMap((kind) =>
      Array.from({ length: dimensions }, (_, i) => i)
        .filter((i) => i > (kind.at(-1) ?? -1))
        .map((i) => [...kind, i]),
    );
    kinds.push(...size);
  }
  return kinds;
}

function logChoose(n: number, k: number): number {
  return Array.from({ length: k }, (_, i) => Math.log((n - i) / (i + 1))).reduce((a, b) => a + b, 0);
}

function sumsOf(combination: ExplainedCombination): ScopeSums {
  const { requests, failures, usual_requests, usual_failures, expected } = combination;
  return { requests, failures, usual_requests, usual_failures, expected };
}

/** Adds a combination to the sums of a scope. */
export function add(scope: ScopeSums, more: ExplainedCombination): void {
  scope.requests += more.requests;
  scope.failures += more.failures;
  scope.usual_requests += more.usual_requests;
  scope.usual_failures += more.usual_failures;
  scope.expected += more.expected;
}
