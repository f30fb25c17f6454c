import type { RateLimitHeaders } from '../../domain/request-log.ts';

/** What providers limit; the first ones are requests, from `tokens` on they are tokens. */
const LIMITED: readonly string[] = [
  'requests',
  '',
  'project-requests',
  'requests-minute',
  'requests-hour',
  'requests-day',
  'tokens',
  'project-tokens',
  'input-tokens',
  'output-tokens',
  'tokens-minute',
  'tokens-hour',
  'tokens-day',
];
const FIRST_TOKENS = LIMITED.indexOf('tokens');

/** The slot of what a header says to be limited; -1 when that is not known. */
export function limitSlot(limited: string): number {
  return LIMITED.indexOf(limited);
}

/** The limits that the headers of one answer tell. One object serves all answers in turn. */
export class RateLimits {
  readonly #limit = new Float64Array(LIMITED.length).fill(-1);
  readonly #remaining = new Float64Array(LIMITED.length).fill(-1);
  /** What has been told since the last `clear`: two bits a slot. */
  #told = 0;

  clear(): void {
    if (this.#told === 0) return;
    this.#told = 0;
    this.#limit.fill(-1);
    this.#remaining.fill(-1);
  }

  /** -1 is a value that cannot be read. Answers false when the same has been told before. */
  set(role: 'limit' | 'remaining', slot: number, value: number): boolean {
    const bit = 1 << (slot * 2 + (role === 'limit' ? 0 : 1));
    const isFirst = (this.#told & bit) === 0;
    this.#told |= bit;
    (role === 'limit' ? this.#limit : this.#remaining)[slot] = value;
    return isFirst;
  }

  /** Of several limits of one kind the one that is nearest to being used up speaks; null when none was told. */
  lowestHeadroom(): RateLimitHeaders | null {
    if (this.#told === 0) return null;
    const requests = this.#tightest(0, FIRST_TOKENS);
    const tokens = this.#tightest(FIRST_TOKENS, LIMITED.length);
    if (requests < 0 && tokens < 0) return null;
    return {
      limit_requests: known(this.#limit, requests),
      remaining_requests: known(this.#remaining, requests),
      limit_tokens: known(this.#limit, tokens),
      remaining_tokens: known(this.#remaining, tokens),
    };
  }

  #tightest(from: number, to: number): number {
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let slot = from; slot < to; slot++) {
      const limit = this.#limit[slot] ?? -1;
      const remaining = this.#remaining[slot] ?? -1;
      if (limit < 0 && remaining < 0) continue;
      // A pair says most; a lone number is better than none.
      const share = limit > 0 && remaining >= 0 ? remaining / limit : Number.MAX_VALUE;
      if (best < 0 || share < lowest) {
        best = slot;
        lowest = share;
      }
    }
    return best;
  }
}

function known(values: Float64Array, slot: number): number | null {
  const value = slot < 0 ? -1 : (values[slot] ?? -1);
  return value < 0 ? null : value;
}
