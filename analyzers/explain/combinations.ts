/** Sums of one combination of values, one value per dimension, in the span and in the usual time before it. */
export interface ExplainSums {
  values: readonly string[];
  requests: number;
  failures: number;
  usual_requests: number;
  usual_failures: number;
}

/** A combination with the failures that its usual rate predicts. */
export interface ExplainedCombination extends ExplainSums {
  /**
   * Failures expected in the span at the combination's usual rate. The fewer requests it had before, the more its rate
   * is moved towards the rate of all traffic.
   */
  expected: number;
  /** How uncertain the usual rate is: squared coefficient of variation of the estimate. */
  doubt: number;
}

export interface Combinations {
  list: readonly ExplainedCombination[];
  total: Omit<ExplainSums, 'values'>;
  /** Usual failures per request over all combinations. */
  usual_rate: number;
  /** Assumed history of a combination without requests before: this many requests with this many failures. */
  prior: { requests: number; failures: number };
}

/** Merges rows with equal values, sorts them, and estimates the usual rate of each. */
export function combine(rows: readonly ExplainSums[]): Combinations {
  const merged = new Map<string, ExplainSums>();
  for (const row of rows) {
    const key = JSON.stringify(row.values);
    const known = merged.get(key);
    merged.set(key, known === undefined ? row : { ...plus(known, row), values: row.values });
  }
  // Sorted, because sums of fractions depend on the order, and the order of the rows must not matter.
  const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sums]) => sums);
  const total = sorted.reduce(plus, { requests: 0, failures: 0, usual_requests: 0, usual_failures: 0 });
  const rate = (total.usual_failures + 0.5) / (total.usual_requests + 1);
  const shape = spreadOfRates(sorted, rate);
  const prior = { requests: shape / rate, failures: shape };
  return {
    total,
    usual_rate: rate,
    prior,
    list: sorted.map((sums) => ({
      ...sums,
      expected:
        (sums.requests * (sums.usual_failures + prior.failures)) / (sums.usual_requests + prior.requests),
      doubt: 1 / (sums.usual_failures + prior.failures),
    })),
  };
}

/**
 * How similar the usual rates of the combinations are, as the shape of the gamma distribution that they are drawn from.
 * Tries shapes at factors of two and takes the most likely one (empirical Bayes). Without failures, a vague prior
 * around 1 decides.
 */
function spreadOfRates(rows: readonly ExplainSums[], rate: number): number {
  let best = { shape: 1, likelihood: Number.NEGATIVE_INFINITY };
  for (let power = -5; power <= 5; power++) {
    const shape = 2 ** power;
    let likelihood = -(Math.log(shape) ** 2) / 2;
    for (const row of rows) {
      const mean = row.usual_requests * rate;
      if (mean > 0) likelihood += logChance(row.usual_failures, mean, (mean * mean) / shape);
    }
    if (likelihood > best.likelihood) best = { shape, likelihood };
  }
  return best.shape;
}

/**
 * Logarithm of the chance of `count` events when `mean` are expected and the variance is `mean + extra` (negative
 * binomial; Poisson for extra 0). It omits a term that depends only on `count` and cancels in every comparison.
 */
export function logChance(count: number, mean: number, extra: number): number {
  if (mean <= 0) return count === 0 ? 0 : -1e9;
  if (extra <= mean * 1e-9) return count * Math.log(mean) - mean;
  const size = (mean * mean) / extra;
  const none = -size * Math.log1p(mean / size);
  if (count === 0) return none;
  return none + logRising(size, count) - count * Math.log1p(size / mean);
}

/** log(size (size + 1) … (size + count - 1)). */
function logRising(size: number, count: number): number {
  // Up to 24 factors are multiplied. Of a longer product only the first ten factors are multiplied, and Stirling's
  // series gives the rest.
  const plain = count > 24 ? 10 : count;
  let log = 0;
  let product = 1;
  for (let i = 0; i < plain; i++) {
    product *= size + i;
    if (product > 1e200) {
      log += Math.log(product);
      product = 1;
    }
  }
  log += Math.log(product);
  if (plain === count) return log;
  const from = size + plain;
  const rest = count - plain;
  // Written as one difference, because subtracting two large logarithms would lose precision.
  return (
    log +
    (from - 0.5) * Math.log1p(rest / from) +
    rest * (Math.log(from + rest) - 1) +
    stirling(from + rest) -
    stirling(from)
  );
}

/** The tail of Stirling's series for log Γ, correct to ten digits from x = 10 on. */
function stirling(x: number): number {
  return (1 / 12 - (1 / 360 - 1 / (1_260 * x * x)) / (x * x)) / x;
}

function plus<Sums extends Omit<ExplainSums, 'values'>>(a: Sums, b: Omit<ExplainSums, 'values'>): Sums {
  return {
    ...a,
    requests: a.requests + b.requests,
    failures: a.failures + b.failures,
    usual_requests: a.usual_requests + b.usual_requests,
    usual_failures: a.usual_failures + b.usual_failures,
  };
}
