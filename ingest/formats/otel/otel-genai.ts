import type { Decoded, RejectedPart, RequestLog } from '../../../domain/request-log.ts';
import type { Cleaner } from '../../fields/clean.ts';
import { asObject, type Format } from '../format.ts';
import { readNative } from '../native.ts';
import { requestsOf } from './one-request.ts';
import { otlpItems } from './otlp.ts';
import { toNative } from './to-native.ts';

/**
 * OTLP in JSON, as the Kafka and file exporters of the Collector write it; `protobuf.ts` converts protobuf to it. A
 * message may have many requests, in the vocabularies of `one-request.ts`.
 */
export const otelGenai: Format = {
  recognises: (message) =>
    message['resourceSpans'] !== undefined ||
    message['resourceLogs'] !== undefined ||
    message['resourceMetrics'] !== undefined,
  create: (cleaner) => (message, now) => decodeOtelGenai(message, now, cleaner),
};

function decodeOtelGenai(message: unknown, now: number, cleaner: Cleaner): Decoded {
  const object = asObject(message);
  if (object === null || !otelGenai.recognises(object)) {
    return {
      kind: 'reject',
      reason: 'schema',
      detail: 'resourceSpans: missing, and resourceLogs and resourceMetrics are missing too',
    };
  }
  const { requests, skipped } = requestsOf(otlpItems(object));
  if (requests.length === 0) return { kind: 'skip', reason: 'no_request' };
  const records: RequestLog[] = [];
  const rejected: RejectedPart[] = [];
  const dropped: string[] = [];
  for (const [part, request] of requests.entries()) {
    const read = readNative(toNative(request), now, cleaner);
    if (read.log !== null) {
      records.push(read.log);
      dropped.push(...(read.dropped ?? []));
    } else {
      const { kind, alone } = request.item;
      const body = JSON.stringify(cleaner.value(alone()));
      rejected.push({ part, reason: read.reason, detail: `${kind} ${part}: ${read.detail}`, body });
    }
  }
  return {
    kind: 'ok',
    records,
    ...(rejected.length > 0 && { rejected }),
    ...(skipped.length > 0 && { skipped }),
    ...(dropped.length > 0 && { dropped }),
  };
}
