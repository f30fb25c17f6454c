import { z } from 'zod';

/**
 * The largest values that one request may have, far above any real one. A larger value is in another unit or broken.
 * Sums over many such values would wrap around (UInt64) or lose their last digits (doubles).
 */
export const MOST = { ms: 1e9, tokens: 1e9, usd: 1e6 } as const;

const text = z.string().nullish();
const upTo = (most: number) => z.number().min(0).max(most).nullish();

/**
 * The native wire format: one JSON object per Kafka message or NDJSON line. Unknown fields are ignored. A record must
 * have a status, an error or an exception: otherwise its outcome is unknown.
 */
export const nativeRecord = z
  .object({
    ts: z.union([z.string(), z.number()]),
    request_id: text,
    provider: text,
    org: text,
    project: text,
    api_key: text,
    client: text,
    region: text,
    model: text,
    endpoint: text,
    method: text,
    status: z.int().min(0).max(999).nullish(),
    latency_ms: upTo(MOST.ms),
    ttft_ms: upTo(MOST.ms),
    input_tokens: upTo(MOST.tokens),
    output_tokens: upTo(MOST.tokens),
    cost_usd: upTo(MOST.usd),
    retry_count: z.int().min(0).max(65_535).nullish(),
    stream: z.boolean().nullish(),
    headers: z.record(z.string(), z.unknown()).nullish(),
    error: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish(),
    exception: text,
  })
  .refine((record) => (record.status ?? record.error ?? record.exception ?? null) !== null, {
    path: ['status'],
    message: 'a status, an error or an exception is required',
  });
export type NativeRecord = z.infer<typeof nativeRecord>;

/** The lowest headroom that the rate-limit headers of one answer show; null when the header is absent. */
export interface RateLimitHeaders {
  limit_requests: number | null;
  remaining_requests: number | null;
  limit_tokens: number | null;
  remaining_tokens: number | null;
}

/**
 * One API request, decoded and redacted. The key is a fingerprint; texts carry no secret. Names are those of the wire
 * format and of the store's columns, so that nothing is renamed on the way.
 */
export interface RequestLog {
  /** When the request ended, epoch milliseconds. */
  ts: number;
  request_id: string;
  provider: string;
  org: string;
  project: string;
  /** The fingerprint `prefix…last4#hash8`, or empty. */
  api_key: string;
  client: string;
  region: string;
  model: string;
  endpoint: string;
  /** 0 when there was no HTTP answer. */
  status: number;
  latency_ms: number;
  ttft_ms: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  retry_count: number;
  stream: boolean;
  /** Rate-limit and retry headers only, names in lower case; null when there are none, and for a success. */
  headers: Readonly<Record<string, string>> | null;
  rate_limit: RateLimitHeaders | null;
  /** Redacted body (parsed or raw) or SDK text; null for a success. */
  error: unknown;
  exception: string;
}

/** Why a record could not be decoded: a closed set, used as a column value and a metric label. */
export const rejectReasons = [
  'not_json',
  'not_utf8',
  'too_large',
  'too_deep',
  'schema',
  'bad_timestamp',
  'future_timestamp',
  'mapping',
  'unknown_format',
  'refused_by_store',
  'unreadable_batch',
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/**
 * Why a record is not a request and makes no row although nothing is wrong with it: `tombstone` (empty), `no_request`,
 * or a reason that a mapping names, such as `cache_hit`. The set stays small because only mapping files add to it.
 */
export type SkipReason = string;

/** A request that could not be decoded, in a message that holds other requests too. */
export interface RejectedPart {
  /** Index among the requests of the message, from 0. */
  part: number;
  reason: RejectReason;
  detail: string;
  /**
   * A redacted message of the same format with this request alone. It is stored as a dead letter and can be replayed.
   */
  body: string;
}

/** The result of decoding one message. One message may hold many requests (OTLP). */
export type Decoded =
  | {
      kind: 'ok';
      records: readonly RequestLog[];
      rejected?: readonly RejectedPart[];
      /** One reason for each record of the message that is not a request. */
      skipped?: readonly SkipReason[];
      /**
       * Names of fields whose value could not be used; a name occurs once for each record that has the field. The
       * records are counted without these fields.
       */
      dropped?: readonly string[];
    }
  | { kind: 'skip'; reason: SkipReason }
  | { kind: 'reject'; reason: RejectReason; detail: string };
