import { MOST, type NativeRecord, nativeRecord } from '../../domain/request-log.ts';
import { isNothing } from '../fields/nothing.ts';
import { readStatus } from '../fields/odd-values.ts';
import { asObject } from './format.ts';
import { type Convert, converter, fieldKinds } from './mapping/convert.ts';

/** What is said of a failure of which the log tells no more than that it was one. */
export const NO_DETAILS = 'the log tells of a failure without details';

/** Why a record that does not say what came of the request is none. */
export const NO_OUTCOME = 'status: a status, an error or an exception is required';

/** A record as the schema wants it, with the names of fields of which nothing could be made; or why it is none. */
export type Mended = { record: NativeRecord; dropped: readonly string[] } | { record: null; detail: string };

const MOST_RETRIES = 65_535;
const upTo =
  (most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= 0 && value <= most;
/** What the schema asks of a value of the right type. */
const LIMITS: Readonly<Partial<Record<string, (value: unknown) => boolean>>> = {
  latency_ms: upTo(MOST.ms),
  ttft_ms: upTo(MOST.ms),
  input_tokens: upTo(MOST.tokens),
  output_tokens: upTo(MOST.tokens),
  cost_usd: upTo(MOST.usd),
  retry_count: (value) => upTo(MOST_RETRIES)(value) && Number.isInteger(value),
};
const ownConverts: Readonly<Record<string, Convert>> = {
  ts: (value) =>
    typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ? value : undefined,
  status: readStatus,
  // Taken as it is written: what `auto` reads as native comes from those who know the format.
  provider: converter('text', undefined, undefined),
};
const fields = Object.keys(nativeRecord.shape).map((name) => ({
  name,
  convert: ownConverts[name] ?? converter(fieldKinds[name] ?? 'text', undefined, undefined),
  allows: LIMITS[name] ?? (() => true),
}));

/**
 * Mends a record that the schema does not accept: what can be converted is (`"429"`, `"95ms"`, 42 for a name, headers as a
 * list), what cannot is left out and named. Only the time and the outcome are needed.
 */
export function mendNative(value: unknown): Mended {
  const source = asObject(value);
  if (source === null) return { record: null, detail: 'record: not an object' };
  const record: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const { name, convert, allows } of fields) {
    const raw = source[name];
    if (isNothing(raw)) continue;
    const converted = convert(raw);
    if (converted === null) continue;
    if (converted === undefined || !allows(converted)) dropped.push(name);
    else record[name] = converted;
  }
  if (record['error'] === true) markFailed(record);
  if (record['ts'] === undefined)
    return {
      record: null,
      detail: dropped.includes('ts') ? 'ts: neither a text nor a number' : 'ts: missing',
    };
  if (record['status'] === undefined && record['error'] === undefined && record['exception'] === undefined)
    return {
      record: null,
      detail: dropped.includes('status')
        ? 'status: no HTTP status, and there is no error or exception beside it'
        : NO_OUTCOME,
    };
  return { record: record as NativeRecord, dropped };
}

/** A flag that says there was an error, and not which: a status that says otherwise is that of a stream that began well. */
function markFailed(record: Record<string, unknown>): void {
  record['error'] = NO_DETAILS;
  if (Number(record['status'] ?? 0) < 400) delete record['status'];
}
