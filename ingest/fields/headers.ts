import type { RateLimitHeaders } from '../../domain/request-log.ts';
import { boundedMemo } from '../bounded-memo.ts';
import type { Cleaner } from './clean.ts';
import { RateLimits, limitSlot } from './rate-limits.ts';

/** Facts from the response headers of one record. A fact is null when no header gives it. */
export interface HeaderFacts {
  /**
   * Rate-limit and retry headers: names in lower case, values redacted. Null when there are none or `keep` is false.
   */
  kept: Record<string, string> | null;
  rate_limit: RateLimitHeaders | null;
  request_id: string | null;
  retry_count: number | null;
  org: string | null;
  project: string | null;
}

type HeaderRole =
  | 'ignored'
  | 'kept'
  | 'limit'
  | 'remaining'
  | 'request_id'
  | 'retry_count'
  | 'org'
  | 'project';
/** What is known about a header, by its name. */
export interface KnownHeader {
  name: string;
  role: HeaderRole;
  /** For limits: the index of the limit in `RateLimits`; -1 otherwise. */
  slot: number;
}

const LARGEST = 1e12;
const UNSIGNED = /^\d{1,13}(?:\.\d{1,9})?$/;
const KEPT = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-ms-region', 'server', 'cf-ray']);
const ROLES = new Map<string, HeaderRole>([
  ['x-request-id', 'request_id'],
  ['request-id', 'request_id'],
  ['apim-request-id', 'request_id'],
  ['x-stainless-retry-count', 'retry_count'],
  ['openai-organization', 'org'],
  ['openai-project', 'project'],
]);

/** The role of a header, by its name in any case. */
export const knownHeader: (name: string) => KnownHeader = boundedMemo(2048, describe);
// Records are read one at a time, so one object serves all.
const limits = new RateLimits();

/**
 * Reads the response headers of a record. With `keep`, the result has the headers themselves, too; only failures need
 * them.
 */
export function readHeaders(
  headers: Readonly<Record<string, unknown>>,
  keep: boolean,
  cleaner: Cleaner,
): HeaderFacts {
  const facts: HeaderFacts = {
    kept: null,
    rate_limit: null,
    request_id: null,
    retry_count: null,
    org: null,
    project: null,
  };
  limits.clear();
  for (const raw of Object.keys(headers)) {
    const header = knownHeader(raw);
    if (header.role === 'ignored') continue;
    const value = headers[raw];
    if (header.role === 'limit' || header.role === 'remaining') {
      if (header.slot >= 0) limits.set(header.role, header.slot, readNumber(value));
    } else if (header.role === 'retry_count') {
      const count = readNumber(value);
      if (Number.isInteger(count) && count >= 0 && count <= 65_535) facts.retry_count = count;
    } else if (header.role !== 'kept') {
      const text = readText(value);
      if (text !== '') facts[header.role] ??= text;
    }
    if (keep) {
      const text = readText(value);
      if (text !== '') (facts.kept ??= {})[header.name] = cleaner.line(text);
    }
  }
  facts.rate_limit = limits.lowestHeadroom();
  return facts;
}

/** The rate limits that are nearest to being used up, from stored headers; null when the headers show no limit. */
export function readRateLimits(headers: Readonly<Record<string, string>>): RateLimitHeaders | null {
  limits.clear();
  for (const [name, value] of Object.entries(headers)) {
    const { role, slot } = knownHeader(name);
    if ((role === 'limit' || role === 'remaining') && slot >= 0) limits.set(role, slot, readNumber(value));
  }
  return limits.lowestHeadroom();
}

/**
 * The number in a header; -1 when it is unreadable, negative or too large. An unknown number must not become 0 or a
 * huge limit.
 */
export function readNumber(value: unknown): number {
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
  return { name, role: role2, slot: limitSlot(limited) };
}
