import type { Decoded, RejectedPart, RequestLog } from '../../domain/request-log.ts';
import type { RecordFormat } from '../../domain/settings.ts';
import { decodeAuto } from './auto.ts';
import type { Cleaner } from '../fields/clean.ts';
import type { Format } from './format.ts';
import { litellm } from './litellm.ts';
import { mapped } from './mapped.ts';
import { native } from './native.ts';
import { otelGenai } from './otel/otel-genai.ts';

/** Every wire format, in the order in which `auto` asks them. A new format is one file and one line here. */
export const formats: Record<Exclude<RecordFormat, 'auto'>, Format> = {
  native,
  'otel-genai': otelGenai,
  litellm,
  mapped,
};

/**
 * A function from one parsed message to its request logs in the chosen format. An array is a message of many records.
 * Throws when the mapping is wrong.
 */
export function recordDecoder(
  options: { format: RecordFormat; mapping: Readonly<Record<string, string>> },
  cleaner: Cleaner,
): (value: unknown, now: number) => Decoded {
  const { format, mapping } = options;
  const decode =
    format === 'auto'
      ? decodeAuto(Object.values(formats), mapping, cleaner)
      : formats[format].create(mapping, cleaner);
  return (value, now) =>
    Array.isArray(value) ? decodeMany(value, now, decode, cleaner) : decode(value, now);
}

function decodeMany(
  values: readonly unknown[],
  now: number,
  decode: (value: unknown, now: number) => Decoded,
  cleaner: Cleaner,
): Decoded {
  const records: RequestLog[] = [];
  const rejected: RejectedPart[] = [];
  let parts = 0;
  for (const value of values) {
    const decoded = decode(value, now);
    if (decoded.kind === 'ok') {
      for (const record of decoded.records) records.push(record);
      for (const part of decoded.rejected ?? []) rejected.push({ ...part, part: parts + part.part });
      parts += decoded.records.length + (decoded.rejected?.length ?? 0);
    } else if (decoded.kind === 'reject') {
      const { reason, detail } = decoded;
      rejected.push({ part: parts++, reason, detail, body: JSON.stringify(cleaner.value(value)) });
    }
  }
  if (parts === 0) return { kind: 'skip', reason: 'no_request' };
  return rejected.length === 0 ? { kind: 'ok', records } : { kind: 'ok', records, rejected };
}
