import type { RateLimitHeaders } from '../../domain/request-log.ts';

/**
 * What providers limit. The entries before `tokens` are limits of requests; `tokens` and all later entries are limits
 * of tokens.
 */
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

/** The slot of a limit, by the name of what is limited in its header; -1 when the name is unknown. */
export function limitSlot(limited: string): number {
  return LIMITED.indexOf(limited);
}

/** The rate limits in the headers of one answer. One object serves all answers in turn. */
export class RateLimits {
  readonly #limit = new Float64Array(LIMITED.length).fill(-1);
  readonly #remaining = new Float64Array(LIMITED.length).fill(-1);
  /** Which values were set since the last `clear`: two bits per slot. */
  #told = 0;

  clear(): void {
    if (this.#told === 0) return;
    this.#told = 0;
    this.#limit.fill(-1);
    this.#remaining.fill(-1);
  }

  /** `value` is -1 when it cannot be read. Returns false when the same value was already set. */
  set(role: 'limit' | 'remaining', slot: number, value: number): boolean {
    const bit = 1 << (slot * 2 + (role === 'limit' ? 0 : 1));
    const isFirst = (this.#told & bit) === 0;
    this.#told |= bit;
    (role === 'limit' ? this.#limit : this.#remaining)[slot] = value;
    return isFirst;
  }

  /**
   * The limit of requests and the limit of tokens that are nearest to being used up. Null when the answer has no limit.
   */
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
      // Limit and remaining number together are most exact; one of them alone is better than nothing.
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
