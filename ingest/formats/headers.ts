import type { RateLimitHeaders } from '../../domain/request-log.ts';
import { boundedMemo } from './bounded-memo.ts';
import { cleanText } from './clean.ts';

/** What the response headers of one record say; null where they are silent. */
export interface HeaderFacts {
  /** Rate-limit and retry headers, names in lower case, values redacted; null when there are none or none were asked for. */
  kept: Record<string, string> | null;
  rate_limit: RateLimitHeaders | null;
  request_id: string | null;
  retry_count: number | null;
  org: string | null;
  project: string | null;
}

type Role = 'ignored' | 'kept' | 'limit' | 'remaining' | 'request_id' | 'retry_count' | 'org' | 'project';
interface KnownHeader {
  name: string;
  role: Role;
  /** For limits: index of what is limited. */
  slot: number;
}

/** What providers limit; the first ones are requests, from `tokens` on they are tokens. */
const LIMITED = [
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
] as const;
const FIRST_TOKENS = LIMITED.indexOf('tokens');
const LARGEST = 1e12;
const UNSIGNED = /^\d{1,13}(?:\.\d{1,9})?$/;
const KEPT = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-ms-region', 'server', 'cf-ray']);
const ROLES = new Map<string, Role>([
  ['x-request-id', 'request_id'],
  ['request-id', 'request_id'],
  ['apim-request-id', 'request_id'],
  ['x-stainless-retry-count', 'retry_count'],
  ['openai-organization', 'org'],
  ['openai-project', 'project'],
]);

const knownHeader = boundedMemo(2048, describe);
// One record is read at a time, so one set of slots serves all; allocating them per record would cost more than reading.
const limits = new Float64Array(LIMITED.length);
const remainings = new Float64Array(LIMITED.length);

/** Reads the response headers of a record. `keep` asks for the headers themselves, which only failures need. */
export function readHeaders(headers: Readonly<Record<string, unknown>>, keep: boolean): HeaderFacts {
  const facts: HeaderFacts = {
    kept: null,
    rate_limit: null,
    request_id: null,
    retry_count: null,
    org: null,
    project: null,
  };
  let limited = false;
  for (const raw of Object.keys(headers)) {
    const header = knownHeader(raw);
    if (header.role === 'ignored') continue;
    const value = headers[raw];
    if (header.role === 'limit' || header.role === 'remaining') {
      if (header.slot >= 0) {
        if (!limited) {
          limits.fill(-1);
          remainings.fill(-1);
          limited = true;
        }
        (header.role === 'limit' ? limits : remainings)[header.slot] = readNumber(value);
      }
    } else if (header.role === 'retry_count') {
      const count = readNumber(value);
      if (Number.isInteger(count) && count >= 0 && count <= 65_535) facts.retry_count = count;
    } else if (header.role !== 'kept') {
      const text = readText(value);
      if (text !== '') facts[header.role] ??= text;
    }
    if (keep) {
      const text = readText(value);
      if (text !== '') (facts.kept ??= {})[header.name] = cleanText(text);
    }
  }
  if (limited) facts.rate_limit = lowestHeadroom();
  return facts;
}

/** Of several limits of one kind the one that is nearest to being used up speaks. */
function lowestHeadroom(): RateLimitHeaders | null {
  const requests = tightest(0, FIRST_TOKENS);
  const tokens = tightest(FIRST_TOKENS, LIMITED.length);
  if (requests < 0 && tokens < 0) return null;
  return {
    limit_requests: known(limits, requests),
    remaining_requests: known(remainings, requests),
    limit_tokens: known(limits, tokens),
    remaining_tokens: known(remainings, tokens),
  };
}

function tightest(from: number, to: number): number {
  let best = -1;
  let lowest = Number.POSITIVE_INFINITY;
  for (let slot = from; slot < to; slot++) {
    const limit = limits[slot] ?? -1;
    const remaining = remainings[slot] ?? -1;
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

function known(values: Float64Array, slot: number): number | null {
  const value = slot < 0 ? -1 : (values[slot] ?? -1);
  return value < 0 ? null : value;
}

/** A plain number of a header; -1 when it is unreadable, negative or absurd: unknown is never 0 and never a sentinel. */
function readNumber(value: unknown): number {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof one === 'string') {
    const text = one.trim();
    return UNSIGNED.test(text) && Number(text) <= LARGEST ? Number(text) : -1;
  }
  return typeof one === 'number' && one >= 0 && one <= LARGEST ? one : -1;
}

function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').join(', ') : '';
}

function describe(raw: string): KnownHeader {
  const name = raw.trim().toLowerCase();
  const role = ROLES.get(name);
  if (role !== undefined) return { name, role, slot: -1 };
  if (KEPT.has(name)) return { name, role: 'kept', slot: -1 };
  const limit = /^(?:llm_provider-)?(x|anthropic)-ratelimit-([a-z-]{1,40})$/.exec(name);
  if (limit === null) return { name, role: 'ignored', slot: -1 };
  const words = (limit[2] ?? '').split('-');
  const role2 = words.includes('limit') ? 'limit' : words.includes('remaining') ? 'remaining' : 'kept';
  const limited = words.filter((word) => word !== 'limit' && word !== 'remaining').join('-');
  return { name, role: role2, slot: (LIMITED as readonly string[]).indexOf(limited) };
}
