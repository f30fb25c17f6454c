import type { Decoded } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';
import { asObject, type Format, type JsonObject } from './format.ts';

type Decode = (value: unknown, now: number) => Decoded;

/** Two of these without a time are a native record that lacks its `ts`, and are told so. */
const NATIVE_MEMBERS = [
  'status',
  'error',
  'exception',
  'model',
  'provider',
  'request_id',
  'api_key',
  'latency_ms',
];

/** A decoder that asks each format in turn whether a message has its shape. */
export function decodeAuto(
  candidates: readonly Format[],
  mapping: Readonly<Record<string, string>>,
  cleaner: Cleaner,
): Decode {
  // A format that needs a mapping is not asked when there is none.
  const hasMapping = Object.keys(mapping).length > 0;
  const asked = candidates
    .filter((format) => hasMapping || !format.needsMapping)
    .map((format) => ({ recognises: format.recognises, decode: format.create(mapping, cleaner) }));
  return (value, now) => {
    const message = asObject(value);
    if (message === null) return unknownFormat('the message is no JSON object');
    for (const { recognises, decode } of asked) {
      if (recognises(message, mapping)) return decode(message, now);
    }
    return lacksOnlyTime(message)
      ? { kind: 'reject', reason: 'schema', detail: 'ts: missing' }
      : unknownFormat('no known format has this shape; set format, or a mapping');
  };
}

function unknownFormat(detail: string): Decoded {
  return { kind: 'reject', reason: 'unknown_format', detail };
}

function lacksOnlyTime(message: JsonObject): boolean {
  return NATIVE_MEMBERS.filter((name) => message[name] !== undefined).length > 1;
}
