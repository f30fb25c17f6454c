import type { Decoded, NativeRecord } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';
import { isNothing } from '../fields/nothing.ts';
import type { Decode, RecordTimes } from './format.ts';
import { jsonInText } from './mapping/json-in-text.ts';
import type { Mapping } from './mapping/mapping.ts';
import { EACH, type PathItem, type PathToMany, readMany, withOnly } from './mapping/path.ts';
import type { StatedOutcome } from './mapping/outcome.ts';
import type { PathRoots } from './mapping/path-roots.ts';
import { NO_DETAILS, NO_OUTCOME } from './mend-native.ts';
import { asDecoded, readNative } from './native.ts';
import { MessageParts } from './parts.ts';

/** Decodes one record, with the message around it, to its request. */
export type DecodeRecord = (scope: PathRoots, mapping: Mapping, at: RecordTimes, cleaner: Cleaner) => Decoded;

/** A decoder that reads messages with the fields of a mapping. */
export function mappedDecoder(
  mapping: Mapping,
  cleaner: Cleaner,
  decodeScope: DecodeRecord = decodeRecord,
): Decode {
  const decodeOne = (record: unknown, message: unknown, at: RecordTimes): Decoded =>
    decodeScope({ record, message, odd: false }, mapping, at, cleaner);
  if (mapping.records.length === 0)
    return (message, now, written) => decodeOne(message, message, { now, written });
  return (message, now, written) =>
    decodeRecords(message, mapping, cleaner, (record) => decodeOne(record, message, { now, written }));
}

/** Reads all records of a message, at the path of `records` at which `findRecords` finds them. */
function decodeRecords(
  message: unknown,
  { records }: Mapping,
  cleaner: Cleaner,
  decodeOne: (record: unknown) => Decoded,
): Decoded {
  const found = findRecords(message, records);
  if (found === null)
    return { kind: 'reject', reason: 'mapping', detail: 'records: none of its paths has a value' };
  if (!found.steps.includes(EACH)) return decodeOne(found.items[0]?.value);
  const parts = new MessageParts();
  for (const item of found.items) {
    parts.add(decodeLost(item) ?? decodeOne(item.value), () =>
      JSON.stringify(cleaner.value(withOnly(message, found.steps, item.places))),
    );
  }
  return parts.all();
}

/** The result for an element of a list that has no record at the rest of the path; null for an element that has one. */
export function decodeLost({ lost, places }: PathItem): Decoded | null {
  if (lost === undefined) return null;
  if (lost === 'nothing') return { kind: 'skip', reason: 'no_request' };
  return {
    kind: 'reject',
    reason: 'mapping',
    detail: `records: element ${places.join('.')} has no list of records at its path`,
  };
}

/**
 * The records of a message and the path where they were found: the first path with a record, otherwise the first with a
 * value; null when no path has a value.
 */
export function findRecords(
  message: unknown,
  paths: readonly PathToMany[],
): { steps: PathToMany['steps']; items: readonly PathItem[] } | null {
  let first: { steps: PathToMany['steps']; items: readonly PathItem[] } | null = null;
  for (const { steps } of paths) {
    const items = readMany(message, steps);
    if (items === undefined) continue;
    if (items.some(mayBeRecord)) return { steps, items };
    first ??= { steps, items };
  }
  return first;
}

/**
 * Whether a value may be a record. A record is an object or the JSON text of an object: the values of `"data": null`
 * and `"data": "x"` are not records.
 */
function mayBeRecord({ value, lost }: PathItem): boolean {
  if (lost === 'nothing' || isNothing(value)) return false;
  return typeof value === 'string' ? jsonInText(value) !== undefined : typeof value === 'object';
}

/** Decodes one record with the fields of a mapping. */
export function decodeRecord(scope: PathRoots, mapping: Mapping, at: RecordTimes, cleaner: Cleaner): Decoded {
  const reason = mapping.skip.find(({ holds }) => holds(scope))?.reason;
  if (reason !== undefined) return { kind: 'skip', reason };
  const record: Record<string, unknown> = emptyRecord();
  let dropped: string[] | undefined;
  for (const { name, read } of mapping.fields) {
    scope.odd = false;
    const value = read(scope);
    if (value !== undefined) record[name] = value;
    else if (scope.odd) (dropped ??= []).push(name);
  }
  applyOutcome(record, mapping.outcome?.(scope));
  // The time that the source gives is used, and not the time of the previous record: a batch that is read again may
  // start after that record.
  if (mapping.untimedIsNow && dropped?.includes('ts') !== true) record['ts'] ??= at.written;
  if (record['ts'] === undefined) return withoutTime(dropped);
  const read = readNative(record, at.now, cleaner);
  if (read.log === null) return { kind: 'reject', reason: read.reason, detail: withAdvice(read.detail) };
  const all = read.dropped === undefined ? dropped : [...(dropped ?? []), ...read.dropped];
  return asDecoded(read.log, all);
}

/**
 * A record that always has the same members in the same order: the JavaScript engine reads such objects several times
 * faster.
 */
function emptyRecord(): Record<keyof NativeRecord, unknown> {
  return {
    ts: undefined,
    request_id: undefined,
    provider: undefined,
    org: undefined,
    project: undefined,
    api_key: undefined,
    client: undefined,
    region: undefined,
    model: undefined,
    endpoint: undefined,
    method: undefined,
    status: undefined,
    latency_ms: undefined,
    ttft_ms: undefined,
    input_tokens: undefined,
    output_tokens: undefined,
    cost_usd: undefined,
    retry_count: undefined,
    stream: undefined,
    headers: undefined,
    error: undefined,
    exception: undefined,
  };
}

/**
 * Adds advice to the message about a record without an outcome: a log that marks only failures needs an `outcome` in
 * its mapping.
 */
function withAdvice(detail: string): string {
  return detail === NO_OUTCOME
    ? `${detail}; where all others are successes, write outcome: {failure: {$.error: present}, success: otherwise}`
    : detail;
}

function withoutTime(dropped: readonly string[] | undefined): Decoded {
  return dropped?.includes('ts') === true
    ? { kind: 'reject', reason: 'bad_timestamp', detail: 'ts: the value at its path is not a time' }
    : { kind: 'reject', reason: 'mapping', detail: 'ts: its path has no value' };
}

/** Applies the outcome that a word or flag of the log reports, in addition to the status. */
function applyOutcome(record: Record<string, unknown>, stated: StatedOutcome | undefined): void {
  const status = typeof record['status'] === 'number' ? record['status'] : undefined;
  const refused = status !== undefined && status >= 400;
  // Status 0 means no answer, or a word such as `error` in place of a status. Such a status is stronger than `success:
  // otherwise`.
  if (stated === 'presumed' && status === 0) return;
  if (stated === 'failure') {
    // A failure with a 2xx status happened inside a stream: the status would report a success.
    if (!refused) record['status'] = undefined;
    if (!refused && record['error'] === undefined && record['exception'] === undefined)
      record['error'] = NO_DETAILS;
  } else if (stated !== undefined && !refused) {
    record['status'] = status || 200;
    record['error'] = undefined;
    record['exception'] = undefined;
  }
}
