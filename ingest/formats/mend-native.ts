import { MOST, type NativeRecord, nativeRecord } from '../../domain/request-log.ts';
import { isNothing } from '../fields/nothing.ts';
import { readStatus } from '../fields/status.ts';
import { asObject } from './format.ts';
import { type Convert, converter, fieldKinds } from './mapping/convert.ts';

/** The text that is stored as the error of a failure whose log gives no details. */
export const NO_DETAILS = 'the log tells of a failure without details';

/** Why a record without an outcome cannot be counted. */
export const NO_OUTCOME = 'status: a status, an error or an exception is required';

/**
 * A record that satisfies the schema, with the names of fields whose value could not be used; or why it cannot be
 * counted.
 */
export type Mended = { record: NativeRecord; dropped: readonly string[] } | { record: null; detail: string };

const MOST_RETRIES = 65_535;
const upTo =
  (most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= 0 && value <= most;
/** The limits of the schema for a value of the right type. */
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
  // The provider is not translated: a record that `auto` reads as native was written for this format.
  provider: converter('text', undefined, undefined),
};
const fields = Object.keys(nativeRecord.shape).map((name) => ({
  name,
  convert: ownConverts[name] ?? converter(fieldKinds[name] ?? 'text', undefined, undefined),
  allows: LIMITS[name] ?? (() => true),
}));

/**
 * Mends a record that the schema does not accept. Values that can be converted are converted (`"429"`, `"95ms"`, 42 for
 * a name, headers as a list); other values are left out, and `dropped` names their fields. Only the time and the
 * outcome are required.
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
        ? 'status: not an HTTP status, and there is no error or exception'
        : NO_OUTCOME,
    };
  return { record: record as NativeRecord, dropped };
}

/**
 * Handles a flag that reports an error but does not describe it. A status that reports success is the status of a
 * stream that started well, so it is removed.
 */
function markFailed(record: Record<string, unknown>): void {
  record['error'] = NO_DETAILS;
  if (Number(record['status'] ?? 0) < 400) delete record['status'];
}
