/**
 * How many steps a regular expression may need on a text of n characters: at most n to the power of `power`, times 2 to
 * the power of `bits`. Null when the number grows exponentially with n.
 */
interface Cost {
  power: number;
  bits: number;
}

/** Most steps of the engine for one text, as a power of 2: some tenths of a second in the worst case. */
const MOST_BITS = 26;
/** A pattern that may see only shorter texts than this is useless, and is refused. */
const SHORTEST = 256;
const LONGEST = 1024 * 1024;

/** A regular expression, and the length of text that it may see. */
export interface BoundedForm {
  form: RegExp;
  longest: number;
}

/**
 * A regular expression that ignores case and cannot hang, whatever the text. If the expression may need too many steps
 * on long texts, it sees only their beginning. Null when it may need too many steps on short texts, as `(a+)+$` does.
 * Throws a SyntaxError when `source` is not a regular expression.
 */
export function boundedForm(source: string): BoundedForm | null {
  const form = new RegExp(source, 'i');
  const cost = new Reader(source).pattern();
  if (cost === null) return null;
  const bits = cost.power === 0 ? 20 : Math.min(20, (MOST_BITS - cost.bits) / cost.power);
  const longest = Math.min(LONGEST, Math.floor(2 ** bits));
  return longest < SHORTEST ? null : { form, longest };
}

/** The part of the text that the expression may see. */
export function cutFor({ longest }: BoundedForm, text: string): string {
  return text.length > longest ? text.slice(0, longest) : text;
}

const QUANTIFIER = /[*+?]\??|\{(\d+)(,?)(\d*)\}\??/y;
const ATOM = /\\(?:[dDwWsS.]|u\{[^}]*\}|[pP]\{[^}]*\}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|[^()|]/suy;
const OPENING = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[a-z-]*:))?/y;
const NONE: Cost = { power: 0, bits: 0 };

/** Reads a pattern that is known to be valid. */
class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  pattern(): Cost | null {
    const cost = this.#alternatives();
    const isAnchored = this.#source.startsWith('^') && !hasTopAlternative(this.#source);
    return cost === null || isAnchored ? cost : { ...cost, power: cost.power + 1 };
  }

  #alternatives(): Cost | null {
    let power = 0;
    let ways = 0;
    let isBounded = true;
    for (;;) {
      const one = this.#sequence();
      if (one === null) isBounded = false;
      else {
        power = Math.max(power, one.power);
        ways += 2 ** one.bits;
      }
      if (this.#source[this.#at] !== '|') break;
      this.#at++;
    }
    return isBounded ? { power, bits: Math.log2(ways) } : null;
  }

  #sequence(): Cost | null {
    let sum: Cost | null = NONE;
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      const atom = this.#quantified();
      sum =
        sum === null || atom === null ? null : { power: sum.power + atom.power, bits: sum.bits + atom.bits };
    }
    return sum;
  }

  #quantified(): Cost | null {
    const atom = this.#atom();
    const [quantifier, least, comma, most] = this.#take(QUANTIFIER) ?? [];
    if (quantifier === undefined || atom === null) return atom;
    if (quantifier.startsWith('?')) return { ...atom, bits: atom.bits + 1 };
    const from = Number(least ?? 0);
    const to =
      comma === '' ? from : most === undefined || most === '' ? Number.POSITIVE_INFINITY : Number(most);
    if (to <= 1) return { ...atom, bits: atom.bits + 1 };
    // A repeated part that can match in several ways divides a text in too many ways, unless it is repeated only a few
    // times.
    const varies = atom.power > 0 || atom.bits > 0;
    if (varies) return to <= 4 ? { power: atom.power * to, bits: atom.bits * to + 2 } : null;
    if (to === Number.POSITIVE_INFINITY) return { power: 1, bits: 0 };
    return { power: 0, bits: Math.log2(to - from + 1) };
  }

  #atom(): Cost | null {
    if (this.#take(OPENING) !== null) {
      const inner = this.#alternatives();
      this.#at++;
      return inner;
    }
    if (this.#take(ATOM) === null) this.#at++;
    return NONE;
  }

  #take(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at;
    const match = form.exec(this.#source);
    if (match !== null) this.#at = form.lastIndex;
    return match;
  }
}

/**
 * Whether there is an alternative outside of all groups. If so, `^` at the beginning belongs only to the first
 * alternative.
 */
function hasTopAlternative(source: string): boolean {
  const outer = source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '');
  let depth = 0;
  for (const char of outer) {
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === '|' && depth === 0) return true;
  }
  return false;
}
