import { type CallerDimension, callerDimensions, type CountDimension } from '../../domain/count-row.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { RequestLog } from '../../domain/request-log.ts';
import type { Store } from '../store.ts';
import type { TrendPlan } from './trends-plan.ts';

/** One stored failure, redacted and without its body. `ts` is epoch milliseconds. */
export interface ErrorEvent
  extends Pick<RequestLog, 'ts' | 'request_id' | CallerDimension | 'status' | 'retry_count'> {
  class: RequestClass;
  subclass: string;
  rule: string;
  retry: string;
  fault: string;
  wait_seconds: number | null;
  type: string;
  code: string;
  message: string;
  /** Where the record was read: a topic or a file, and the position in it. */
  topic: string;
  partition: number;
  offset: number;
  part: number;
}

/** The position of an event in the list that `readErrorEvents` returns. */
export type EventPlace = Pick<ErrorEvent, 'ts' | 'topic' | 'partition' | 'offset' | 'part'>;

export interface EventFilter {
  /** `[from, to)` in epoch seconds. */
  from: number;
  to: number;
  /** Empty: all. */
  classes: readonly string[];
  where: TrendPlan['where'];
  /** Only the failures of these requests; absent: all. */
  requestIds?: readonly string[];
  /** Part of the message, or a whole request id, code or rule; empty: all. */
  text: string;
  /** Only events after this position in the list; null: from the start. */
  after: EventPlace | null;
  limit: number;
}

/** Dimensions of counts that events also have, so that events can be filtered by them. */
const columns: ReadonlySet<CountDimension> = new Set<CountDimension>([
  ...callerDimensions,
  'status',
  'class',
  'subclass',
]);

/** Failures, newest first. Throws `StoreError`. */
export async function readErrorEvents(store: Store, filter: EventFilter): Promise<ErrorEvent[]> {
  const { from, to, classes, text, after, limit } = filter;
  const params: Record<string, unknown> = {
    from: Math.round(from * 1_000),
    to: Math.round(to * 1_000),
    limit,
    classes,
    text,
  };
  const conditions = filter.where
    .filter(({ dimension }) => columns.has(dimension))
    .map(({ dimension, values, negate }, at) => {
      params[`v${at}`] = values;
      return `AND toString(e.${dimension}) ${negate ? 'NOT IN' : 'IN'} {v${at}:Array(String)}`;
    });
  if (filter.requestIds !== undefined) {
    params['ids'] = filter.requestIds;
    conditions.push('AND e.request_id IN {ids:Array(String)}');
  }
  if (classes.length > 0) conditions.push('AND e.class IN {classes:Array(String)}');
  if (text !== '')
    conditions.push(
      'AND (e.request_id = {text:String} OR positionCaseInsensitiveUTF8(e.message, {text:String}) > 0 OR e.code = {text:String} OR e.rule = {text:String})',
    );
  if (after !== null) {
    Object.assign(params, {
      ts: after.ts,
      topic: after.topic,
      partition: after.partition,
      offset: after.offset,
      part: after.part,
    });
    conditions.push(
      `AND e.ts <= fromUnixTimestamp64Milli(toInt64({ts:Int64}), 'UTC')
       AND (e.ts, e.topic, e.partition, e.offset, e.part)
         < (fromUnixTimestamp64Milli(toInt64({ts:Int64}), 'UTC'), {topic:String}, {partition:Int32}, {offset:Int64}, {part:UInt32})`,
    );
  }
  return store.query<ErrorEvent>(
    `SELECT toUnixTimestamp64Milli(e.ts) AS ts, request_id, provider, org, project, api_key, client, region, model, endpoint,
       status, class, subclass, rule, retry, fault, wait_seconds, type, code, message, retry_count, topic, partition, offset, part
     FROM error_events AS e
     WHERE e.ts >= fromUnixTimestamp64Milli(toInt64({from:Int64}), 'UTC')
       AND e.ts < fromUnixTimestamp64Milli(toInt64({to:Int64}), 'UTC') ${conditions.join(' ')}
     ORDER BY e.ts DESC, e.topic DESC, e.partition DESC, e.offset DESC, e.part DESC
     LIMIT {limit:UInt32}`,
    params,
  );
}
