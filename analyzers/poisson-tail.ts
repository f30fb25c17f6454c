/**
 * The chance that a Poisson process with this mean gives `count` or more. 1 for count 0; 0 for mean 0 and a count above
 * it. Exact for means up to 500; larger means use the normal distribution.
 */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  if (mean <= 0) return 0;
  if (mean > 500) return normalTail((count - 0.5 - mean) / Math.sqrt(mean));
  // Above the mean the tail is summed directly: one minus a sum that is nearly one would be lost in rounding.
  if (count > mean) return tailSum(count, mean);
  let term = Math.exp(-mean);
  let below = term;
  for (let k = 1; k < count; k++) {
    term *= mean / k;
    below += term;
  }
  return Math.max(0, 1 - below);
}

/**
 * The chance that `count` or more of `trials` succeed, each with `chance` (0 to 1). For a small chance the result is
 * nearly that of `poissonTail`, for a large one it is much less: when three of ten fail as usual, ten failures in a row
 * are rare.
 */
export function binomialTail(count: number, trials: number, chance: number): number {
  if (count <= 0 || chance >= 1) return 1;
  if (count > trials || chance <= 0) return 0;
  const mean = trials * chance;
  if (mean > 500) return normalTail((count - 0.5 - mean) / Math.sqrt(mean * (1 - chance)));
  if (count <= mean) return 1 - binomialTail(trials - count + 1, trials, 1 - chance);
  let log = (trials - count) * Math.log1p(-chance);
  for (let k = 1; k <= count; k++) {
    const ratio = ((trials - count + k) * chance) / k;
    log += Math.log(ratio);
    // The ratios only fall, so the sum does not rise again.
    if (ratio < 1 && log < -745) return 0;
  }
  let term = Math.exp(log);
  let sum = 0;
  for (let k = count; k <= trials && term > sum * 1e-12; k++) {
    sum += term;
    term *= (((trials - k) / (k + 1)) * chance) / (1 - chance);
  }
  return Math.min(1, sum);
}

function tailSum(count: number, mean: number): number {
  let log = -mean;
  for (let k = 1; k <= count; k++) {
    log += Math.log(mean / k);
    if (log < -745) return 0;
  }
  let term = Math.exp(log);
  let sum = 0;
  for (let k = count + 1; term > sum * 1e-12; k++) {
    sum += term;
    term *= mean / k;
  }
  return Math.min(1, sum);
}

/**
 * Upper tail of the normal distribution. Far from the mean it may be wrong by a factor of two, which is good enough for
 * a threshold.
 */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  return Math.exp((-z * z) / 2) / (1.2533 * (z + Math.sqrt(z * z + 4 - 2.7 * Math.exp(-z / 2))));
}

/** A growth of a sum of sizes that is less than this many standard deviations may be chance. */
const SIZE_DEVIATIONS = 4;

/**
 * How far the total size (tokens) of this many requests differs from the mean by chance, as a share. The sizes of
 * single requests vary about as much as their mean, so the total of n varies by the square root of 2/n. `looks`: the
 * total is the highest of this many totals. The highest of many differs more from the mean by chance, so more
 * deviations are allowed.
 */
export function sizeNoise(requests: number, looks = 1): number {
  const deviations = Math.sqrt(SIZE_DEVIATIONS ** 2 + 2 * Math.log(Math.max(1, looks)));
  return deviations * Math.sqrt(2 / Math.max(1, requests));
}
