import { readHeaderObject } from '../../fields/header-object.ts';
import { isNoError, isNothing } from '../../fields/nothing.ts';
import { readStatus } from '../../fields/status.ts';
import { providerName } from '../../fields/provider-name.ts';
import { epochMs } from '../../fields/timestamp.ts';
import type { OffsetAt } from '../../fields/time-zone.ts';
import { outcomeOf } from './outcome-words.ts';

/** The type of a field of the native record. */
export type FieldType =
  | 'time'
  | 'status'
  | 'ms'
  | 'usd'
  | 'count'
  | 'flag'
  | 'headers'
  | 'error'
  | 'exception'
  /** An object unchanged, or a scalar as text; a later step converts it. */
  | 'raw'
  | 'provider'
  | 'text';
/**
 * Converts a value for the native record. Undefined when the value is not of the field's type; null when it holds
 * nothing. It is never called with values for which `isNothing` is true.
 */
export type Convert = (value: unknown) => unknown;

/** The type of each field that is not a text. */
export const fieldKinds: Readonly<Record<string, FieldType>> = {
  ts: 'time',
  status: 'status',
  latency_ms: 'ms',
  ttft_ms: 'ms',
  input_tokens: 'count',
  output_tokens: 'count',
  cost_usd: 'usd',
  retry_count: 'count',
  stream: 'flag',
  headers: 'headers',
  error: 'error',
  exception: 'exception',
  provider: 'provider',
};

/** By type and unit: what one of this unit is in the unit of the field. An example: one `s` is 1000 ms. */
export const units: Readonly<Partial<Record<FieldType, Readonly<Record<string, number>>>>> = {
  ms: {
    ns: 1e-6,
    us: 1e-3,
    µs: 1e-3,
    μs: 1e-3,
    ms: 1,
    s: 1000,
    sec: 1000,
    min: 60_000,
    m: 60_000,
    h: 3_600_000,
  },
  usd: { usd: 1, $: 1, cents: 0.01, cent: 0.01, '¢': 0.01, microusd: 1e-6 },
};
/** A number with an optional unit; several in a row make one duration, as in `1m2.5s`. */
const AMOUNT = /([+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,16})?(?:\.\d{1,18})?(?:e[+-]?\d{1,2})?)\s*([a-zµμ$¢]*)/iy;
const PLAIN = /^\d{1,16}(?:\.\d{1,18})?$/;
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on', 't', 'y'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off', 'f', 'n'].map((word) => [word, false] as const),
]);

/** The conversion for a type. `unit` applies to numbers without a unit, `offsetAt` to times without a zone. */
export function converter(
  kind: FieldType,
  unit: string | undefined,
  offsetAt: OffsetAt | undefined,
): Convert {
  switch (kind) {
    case 'time':
      return (value) => readTime(value, offsetAt);
    case 'status':
      return readOutcomeStatus;
    case 'ms':
    case 'usd': {
      const known = units[kind] ?? {};
      const factor = known[unit ?? ''] ?? 1;
      return (value) => readAmount(value, known, factor);
    }
    case 'count':
      return (value) => readAmount(value, {}, 1);
    case 'flag':
      return readFlag;
    case 'headers':
      return readHeaderObject;
    case 'error':
      return readError;
    case 'exception':
      return (value) => (isNoError(value) ? null : toText(value));
    case 'raw':
      return (value) => (typeof value === 'object' ? value : toText(value));
    case 'provider':
      return readProvider;
    case 'text':
      return toText;
  }
}

function readTime(value: unknown, offsetAt: OffsetAt | undefined): number | undefined {
  const ms = Math.floor(epochMs(value, offsetAt));
  return Number.isFinite(ms) ? ms : undefined;
}

/** A status, or a word for success (200) or failure (0: a failure without an HTTP answer). */
function readOutcomeStatus(value: unknown): number | undefined {
  const status = readStatus(value);
  if (status !== undefined) return status;
  const failed = outcomeOf(value);
  return failed === undefined ? undefined : failed ? 0 : 200;
}

function readAmount(
  value: unknown,
  known: Readonly<Record<string, number>>,
  factor: number,
): number | undefined {
  if (typeof value === 'number') return value * factor;
  if (typeof value !== 'string' || value.length > 200) return undefined;
  if (PLAIN.test(value)) return Number(value) * factor;
  // Proxies write one number per attempt, and the request took as long as all attempts together. Attempts without a
  // number are left out.
  const amounts = value.split(/\s*[:;]\s*|,\s+/).filter((part) => !isNothing(part));
  let sum: number | undefined;
  for (const amount of amounts) {
    const one = readOneAmount(amount.trim(), known, factor);
    if (one === undefined) return undefined;
    sum = (sum ?? 0) + one;
  }
  return sum;
}

function readOneAmount(
  text: string,
  known: Readonly<Record<string, number>>,
  factor: number,
): number | undefined {
  const body = text.startsWith('$') && known['$'] !== undefined ? text.slice(1).trim() : text;
  let sum = 0;
  for (let at = 0; at < body.length; at = AMOUNT.lastIndex) {
    AMOUNT.lastIndex = at;
    const [whole = '', digits = '', unit = ''] = AMOUNT.exec(body) ?? [];
    const number = /\d/.test(digits) ? Number(digits.replaceAll(',', '')) : Number.NaN;
    const times = unit === '' ? factor : (known[unit] ?? known[unit.toLowerCase()]);
    if (whole === '' || times === undefined || Number.isNaN(number)) return undefined;
    sum += number * times;
  }
  return body === '' ? undefined : sum;
}

/** The provider from its name, or from the host name of its API if the host is known. */
function readProvider(value: unknown): string | undefined {
  const text = toText(value);
  if (text === undefined || !text.includes('.'))
    return text === undefined ? undefined : providerName(text, undefined);
  const host = text.replace(/^[a-z]+:\/\//i, '').replace(/[/:?#].*$/s, '');
  return providerName(text, host);
}

/**
 * The error that a value describes; true for a flag that only reports that there was an error; null for a value that
 * reports none.
 */
function readError(value: unknown): unknown {
  if (isNoError(value)) return null;
  if (typeof value === 'object') return value;
  const text = toText(value);
  return text?.toLowerCase() === 'true' ? true : text;
}

function readFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : FLAGS.get(toText(value)?.toLowerCase() ?? '');
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
