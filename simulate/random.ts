/** A stream of random numbers that is the same for the same seed on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** A whole number in [from, to], both included. */
  between(from: number, to: number): number;
  /** A random entry of a list; throws for an empty list. */
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
  /** 32 random hexadecimal digits. */
  hex32(): string;
  /** A text of random letters and digits. */
  letters(length: number): string;
}

/** A small, fast counter generator (sfc32) with 32-bit steps and no state outside the closure. */
export function createRandom(seed: number | string): Random {
  let [a, b, c, counter] = seedWords(String(seed));

  function word(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  }
  function next(): number {
    return word() / 4_294_967_296;
  }
  function below(limit: number): number {
    return Math.floor(next() * limit);
  }
  // Digits are made for 256 ids at a time: one native conversion and one slice for each id are faster than eight joins
  // for each id.
  const words = new Uint32Array(1_024);
  const bytes = Buffer.from(words.buffer);
  let hex = '';
  let used = 0;
  function hex32(): string {
    if (used === hex.length) {
      for (let i = 0; i < words.length; i++) words[i] = word();
      hex = bytes.toString('hex');
      used = 0;
    }
    used += 32;
    return hex.slice(used - 32, used);
  }

  for (let i = 0; i < 20; i++) word();
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    pick: (list) => {
      const chosen = list[below(list.length)];
      if (chosen === undefined) throw new RangeError('pick: the list is empty');
      return chosen;
    },
    hex32,
    letters: (length) => {
      let text = '';
      while (text.length < length) text += alphabet[below(alphabet.length)];
      return text;
    },
  };
}

/**
 * Returns a function that draws log-normal factors around 1. The function looks up evenly spaced quantiles: an array
 * access replaces a logarithm, a cosine and an exponential.
 */
export function logNormal(deviation: number): (random: Random) => number {
  let table: Float64Array | undefined;
  return (random) => {
    table ??= normalQuantiles().map((z) => Math.exp(deviation * z));
    return table[random.below(QUANTILES)] ?? 1;
  };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const QUANTILES = 4_096;
let quantiles: Float64Array | undefined;

/** Made at the first draw, because commands that may start the demo load this module, too. */
function normalQuantiles(): Float64Array {
  quantiles ??= Float64Array.from({ length: QUANTILES }, (_, i) => quantile((i + 0.5) / QUANTILES));
  return quantiles;
}

/** FNV-1a over the text, four times with different starts, so that any text is a good seed. */
function seedWords(text: string): [number, number, number, number] {
  const hash = (start: number): number => {
    let value = start;
    for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16_777_619);
    return value | 0;
  };
  return [hash(0x811c9dc5), hash(0x1b873593), hash(0x27d4eb2f), hash(0x165667b1)];
}

/** Inverse of the normal distribution by bisection of its integral; slow, but it runs only once. */
function quantile(p: number): number {
  let low = -6;
  let high = 6;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (cumulative(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Normal distribution function by its power series, exact to about 1e-9 within six deviations. */
function cumulative(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (x * x) / (2 * n + 1);
    // The terms that are left are smaller still and would change nothing.
    if (sum + term === sum) break;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
