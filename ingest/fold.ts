import { createHash } from 'node:crypto';
import { COUNT_INTERVAL_SECONDS, countDimensions, LATENCY_BUCKETS_MS } from '../domain/count-row.ts';
import { type Classification, TAXONOMY_VERSION } from '../domain/classification.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { RejectReason, RequestLog } from '../domain/request-log.ts';
import { parseTsvRow, tsvRow, tsvText, tsvTime } from '../store/tsv.ts';
import { DimensionIds } from './dimension-ids.ts';
import { type BatchRows, eventColumns } from '../store/write-batch.ts';

/** Where a record stands: `part` counts the requests within one message. */
export interface Position {
  topic: string;
  partition: number;
  offset: number;
  part: number;
}

/** A failure with what the classifier said of it and the innermost fields of its error. */
export interface Judgement {
  classification: Classification;
  type: string;
  code: string;
  message: string;
}

/** What has been added so far. */
export interface FoldTotals {
  counted: number;
  failed: number;
  dead: number;
  skipped: number;
  /** Outcomes beyond the first of a message. */
  extra: number;
  first_ts: number | null;
  last_ts: number | null;
}

/** Requests of one interval that agree in every dimension. */
interface Group {
  prefix: string;
  class: RequestClass;
  requests: number;
  retries: number;
  useless_retries: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  latency_ms_sum: number;
  buckets: Uint32Array;
  min_remaining_requests: number | null;
  limit_requests: number | null;
  min_remaining_tokens: number | null;
  limit_tokens: number | null;
}

/** Text of a body and a message that is kept at most, in characters. */
const BODY_LIMIT = 8 * 1024;
const MESSAGE_LIMIT = 4 * 1024;

/** Folds the records of one batch into the rows that the batch adds. */
export class Fold {
  readonly totals: FoldTotals = {
    counted: 0,
    failed: 0,
    dead: 0,
    skipped: 0,
    extra: 0,
    first_ts: null,
    last_ts: null,
  };
  readonly rejected = new Map<RejectReason, number>();
  /** Estimated size of the rows held, in bytes: what memory limits look at. */
  bytes = 0;
  #groups = new Map<number, Map<number, Group>>();
  #interval = Number.NaN;
  #ofInterval = new Map<number, Group>();
  #all: Group[] = [];
  #events: string[] = [];
  #dead: string[] = [];

  /** A success or a failure; failures become an event row too. */
  add(record: RequestLog, judged: Judgement, at: Position): void {
    this.#count(record, judged.classification);
    if (judged.classification.class === 'ok') return;
    this.totals.failed++;
    const row = eventRow(record, judged, at);
    this.#events.push(row);
    this.bytes += row.length;
  }

  /** A record that cannot be decoded; `body` is redacted. */
  reject(reason: RejectReason, detail: string, body: string, size: number, at: Position): void {
    this.totals.dead++;
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    const row = tsvRow([at.topic, at.partition, at.offset, at.part, reason, detail, body, size]);
    this.#dead.push(row);
    this.bytes += row.length;
  }

  skip(): void {
    this.totals.skipped++;
  }

  /** Takes back failures whose event rows the store refuses, and makes them dead letters. */
  refuse(rows: ReadonlySet<number>, detail: string): void {
    const kept: string[] = [];
    this.#events.forEach((row, i) => {
      if (rows.has(i)) this.#refuse(row, detail);
      else kept.push(row);
    });
    this.#events = kept;
  }

  /** The rows so far as TabSeparated bytes. */
  rows(): BatchRows {
    return {
      counts: this.#all.length === 0 ? null : Buffer.from(this.#all.map(groupRow).join('')),
      events: this.#events.length === 0 ? null : Buffer.from(this.#events.join('')),
      dead: this.#dead.length === 0 ? null : Buffer.from(this.#dead.join('')),
    };
  }

  /** Requests of each class so far. */
  classes(): Map<RequestClass, number> {
    const counts = new Map<RequestClass, number>();
    for (const group of this.#all) counts.set(group.class, (counts.get(group.class) ?? 0) + group.requests);
    return counts;
  }

  #refuse(row: string, detail: string): void {
    const fields = parseTsvRow(row.trimEnd());
    const field = (column: (typeof eventColumns)[number]): string =>
      fields[eventColumns.indexOf(column)] ?? '';
    const number = (column: (typeof eventColumns)[number]): number => Number(field(column));
    const interval = Math.floor(number('ts') / COUNT_INTERVAL_SECONDS) * COUNT_INTERVAL_SECONDS;
    const prefix = [interval, ...countDimensions.map((column) => tsvText(field(column)))].join('\t');
    const group = this.#all.find((candidate) => candidate.prefix === prefix);
    if (group === undefined) throw new Error('a refused row belongs to no group');
    const retried = number('retry_count') > 0;
    group.requests--;
    group.retries -= retried ? 1 : 0;
    group.useless_retries -= retried && field('retry') === 'no' ? 1 : 0;
    group.input_tokens -= number('input_tokens');
    group.output_tokens -= number('output_tokens');
    group.cost_usd -= number('cost_usd');
    group.latency_ms_sum -= number('latency_ms');
    const bucket = bucketOf(number('latency_ms'));
    group.buckets[bucket] = (group.buckets[bucket] ?? 1) - 1;
    if (group.requests === 0) this.#all = this.#all.filter((other) => other !== group);
    this.totals.counted--;
    this.totals.failed--;
    const at = {
      topic: field('topic'),
      partition: number('partition'),
      offset: number('offset'),
      part: number('part'),
    };
    this.reject('refused_by_store', detail, field('body'), field('body').length, at);
  }

  #count(record: RequestLog, judged: Classification): void {
    const { totals } = this;
    totals.counted++;
    if (totals.first_ts === null || record.ts < totals.first_ts) totals.first_ts = record.ts;
    if (totals.last_ts === null || record.ts > totals.last_ts) totals.last_ts = record.ts;
    const group = this.#group(record, judged);
    group.requests++;
    if (record.retry_count > 0) {
      group.retries++;
      if (judged.retry === 'no' && judged.class !== 'ok') group.useless_retries++;
    }
    group.input_tokens += record.input_tokens;
    group.output_tokens += record.output_tokens;
    group.cost_usd += record.cost_usd;
    group.latency_ms_sum += record.latency_ms;
    const bucket = bucketOf(record.latency_ms);
    group.buckets[bucket] = (group.buckets[bucket] ?? 0) + 1;
    if (record.rate_limit !== null) headroom(group, record.rate_limit);
  }

  #group(record: RequestLog, judged: Classification): Group {
    const interval = Math.floor(record.ts / (COUNT_INTERVAL_SECONDS * 1000));
    // Records come nearly in the order of time: most are of the interval of the one before.
    if (interval !== this.#interval) {
      this.#interval = interval;
      this.#ofInterval = this.#groups.get(interval) ?? new Map();
      this.#groups.set(interval, this.#ofInterval);
    }
    const { provider, org, project, api_key, client, region, model, endpoint } = record;
    const caller = callerIds.id(provider, org, endpoint, region, project, client, model, api_key);
    const outcome = outcomeIds.id(judged.class, judged.subclass);
    // Statuses have three digits, outcomes are under a thousand: no two combinations meet in one number.
    const key = (caller * 1_000 + outcome) * 1_000 + record.status;
    const known = this.#ofInterval.get(key);
    if (known !== undefined) return known;
    const group = newGroup(interval, record, judged);
    this.#ofInterval.set(key, group);
    this.#all.push(group);
    this.bytes += 200;
    return group;
  }
}

/** Who called: remembered from batch to batch, because callers are the same all day. */
const callerIds = new DimensionIds(100_000);
const outcomeIds = new DimensionIds(1_000);

function newGroup(interval: number, record: RequestLog, judged: Classification): Group {
  const { provider, org, project, api_key, client, region, model, endpoint, status } = record;
  const dimensions = [provider, org, project, api_key, client, region, model, endpoint].map(tsvText);
  return {
    prefix: [interval * COUNT_INTERVAL_SECONDS, ...dimensions, judged.class, judged.subclass, status].join(
      '\t',
    ),
    class: judged.class,
    requests: 0,
    retries: 0,
    useless_retries: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    latency_ms_sum: 0,
    buckets: new Uint32Array(LATENCY_BUCKETS_MS.length + 1),
    min_remaining_requests: null,
    limit_requests: null,
    min_remaining_tokens: null,
    limit_tokens: null,
  };
}

/** Digest of a record's bytes: tells whether the record at an offset is still the one that was counted. */
export function recordDigest(value: Buffer | null): string {
  return value === null ? 'null' : createHash('sha256').update(value).digest('hex').slice(0, 16);
}

function bucketOf(latencyMs: number): number {
  let bucket = 0;
  for (const bound of LATENCY_BUCKETS_MS) {
    if (latencyMs <= bound) return bucket;
    bucket++;
  }
  return bucket;
}

function headroom(group: Group, seen: NonNullable<RequestLog['rate_limit']>): void {
  group.min_remaining_requests = least(group.min_remaining_requests, seen.remaining_requests);
  group.limit_requests = greatest(group.limit_requests, seen.limit_requests);
  group.min_remaining_tokens = least(group.min_remaining_tokens, seen.remaining_tokens);
  group.limit_tokens = greatest(group.limit_tokens, seen.limit_tokens);
}

function least(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null || a < b ? a : b;
}

function greatest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null || a > b ? a : b;
}

function groupRow(group: Group): string {
  return `${group.prefix}\t${group.requests}\t${group.retries}\t${group.useless_retries}\t${Math.round(group.input_tokens)}\t${Math.round(group.output_tokens)}\t${group.cost_usd}\t${group.latency_ms_sum}\t${bucketMap(group.buckets)}\t${group.min_remaining_requests ?? '\\N'}\t${group.limit_requests ?? '\\N'}\t${group.min_remaining_tokens ?? '\\N'}\t${group.limit_tokens ?? '\\N'}\n`;
}

function bucketMap(buckets: Uint32Array): string {
  let map = '';
  buckets.forEach((requests, i) => {
    if (requests > 0) map += `${map === '' ? '' : ','}${LATENCY_BUCKETS_MS[i] ?? 0}:${requests}`;
  });
  return `{${map}}`;
}

function eventRow(record: RequestLog, judged: Judgement, at: Position): string {
  const { classification: c } = judged;
  return tsvRow([
    tsvTime(record.ts),
    record.request_id,
    record.provider,
    record.org,
    record.project,
    record.api_key,
    record.client,
    record.region,
    record.model,
    record.endpoint,
    record.status,
    c.class,
    c.subclass,
    c.rule,
    c.generation,
    c.retry,
    c.fault,
    c.wait_seconds,
    judged.type,
    judged.code,
    judged.message.slice(0, MESSAGE_LIMIT),
    bodyText(record.error),
    record.exception,
    headerMap(record.headers),
    record.latency_ms,
    Math.round(record.input_tokens),
    Math.round(record.output_tokens),
    record.cost_usd,
    record.retry_count,
    record.stream,
    TAXONOMY_VERSION,
    at.topic,
    at.partition,
    at.offset,
    at.part,
  ]);
}

function bodyText(error: unknown): string {
  if (error === null || error === undefined) return '';
  const text = typeof error === 'string' ? error : JSON.stringify(error);
  return text.slice(0, BODY_LIMIT);
}

function headerMap(headers: RequestLog['headers']): string {
  if (headers === null) return '{}';
  const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const pairs = Object.entries(headers).map(([name, value]) => `${quote(name)}:${quote(value)}`);
  return `{${pairs.join(',')}}`;
}
