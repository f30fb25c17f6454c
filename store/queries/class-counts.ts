import type { CountRow } from '../../domain/count-row.ts';
import { type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Columns } from '../native-answer.ts';
import type { Store } from '../store.ts';
import { rangeCondition, rangeParams } from './count-range.ts';

/** Answers of one class to one organization in one interval. */
export type ClassCount = Pick<CountRow, 'ts' | 'provider' | 'org' | 'class' | 'requests' | 'retries'>;

/**
 * Which answers to read: all answers of `classes`, and of the classes in `retried` only count rows that contain
 * retries.
 */
export interface AnswerFilter {
  classes: readonly RequestClass[];
  retried?: readonly RequestClass[];
}

/**
 * Answers of these classes in `[from, to)`, or only in the named intervals, by interval and organization, in order of
 * time. These counts show which organizations deserve a closer look. Throws `StoreError`.
 */
export async function readClassCounts(
  store: Store,
  filter: { from: number; to: number; intervals?: readonly number[] } & AnswerFilter,
): Promise<ClassCount[]> {
  const columns = await store.columns(
    `SELECT toUnixTimestamp(c.ts) AS ts, c.provider AS provider, c.org AS org, c.class AS class,
      sum(c.requests) AS requests, sum(c.retries) AS retries
    FROM request_counts AS c
    WHERE ${rangeCondition(filter)} AND ${isAsked}
    GROUP BY c.ts, c.provider, c.org, c.class
    ORDER BY c.ts, c.provider, c.org, c.class`,
    { ...rangeParams(filter), classes: filter.classes, retried: filter.retried ?? [] },
  );
  return classCounts(columns).flatMap((row) => (row.class === '' ? [] : [{ ...row, class: row.class }]));
}

/**
 * Turns columns into rows. A large incident has thousands of rows in each tick, but their classes are the same few
 * texts, so the class of each text is looked up once.
 */
function classCounts({ rows, numbers, texts }: Columns): (Omit<ClassCount, 'class'> & {
  class: RequestClass | '';
})[] {
  const text = (name: string, row: number): string => {
    const column = texts.get(name);
    return column?.texts[column.places[row] ?? 0] ?? '';
  };
  const classes = (texts.get('class')?.texts ?? []).map(
    (name) => requestClassNames.find((one) => one === name) ?? '',
  );
  return Array.from({ length: rows }, (_, row) => ({
    ts: numbers.get('ts')?.[row] ?? 0,
    provider: text('provider', row),
    org: text('org', row),
    class: classes[texts.get('class')?.places[row] ?? 0] ?? '',
    requests: numbers.get('requests')?.[row] ?? 0,
    retries: numbers.get('retries')?.[row] ?? 0,
  }));
}

const isAsked =
  '(c.class IN {classes:Array(String)} OR (c.retries > 0 AND c.class IN {retried:Array(String)}))';

/**
 * The end (epoch seconds) of the last day in `[from, to)` whose counts per 10 s were deleted while its counts per hour
 * are still there; null when there is none. Such a day can no longer be judged. The two newest days are left out:
 * nothing is deleted so soon, and on a cluster a replica may have the rows of one table before those of the other.
 * Throws `StoreError`.
 */
export async function readCountsGone(
  store: Store,
  range: { from: number; to: number },
): Promise<number | null> {
  const [row] = await store.query<{ days: number; last: number }>(
    `SELECT count() AS days, max(toUnixTimestamp(toDateTime(date, 'UTC'))) + 86400 AS last FROM (
       SELECT date FROM (
         SELECT toDate(fine.ts) AS date, sum(fine.requests) AS per_10s, 0 AS per_hour FROM request_counts AS fine
         WHERE fine.ts >= toStartOfDay(toDateTime({from:UInt32}, 'UTC')) AND fine.ts < toDateTime({to:UInt32}, 'UTC') + INTERVAL 1 DAY
         GROUP BY date
         UNION ALL
         SELECT toDate(hours.ts) AS date, 0 AS per_10s, sum(hours.requests) AS per_hour FROM request_counts_1h AS hours
         WHERE hours.ts >= toStartOfDay(toDateTime({from:UInt32}, 'UTC')) AND hours.ts < toDateTime({to:UInt32}, 'UTC') + INTERVAL 1 DAY
         GROUP BY date)
       WHERE date <= toDate(toDateTime({to:UInt32}, 'UTC')) AND date < toDate(now('UTC')) - 1
       GROUP BY date HAVING sum(per_10s) < sum(per_hour))`,
    { from: Math.max(0, Math.floor(range.from)), to: Math.max(0, Math.floor(range.to)) },
  );
  return row === undefined || row.days === 0 ? null : row.last;
}

/** Requests and answers in a range of intervals. */
export interface Activity {
  /** Requests in each interval, over all organizations; an interval without requests is absent. */
  totals: Map<number, number>;
  /** In the form that `readClassCounts` returns. */
  answers: ClassCount[];
}

/**
 * Requests in each interval of `[from, to)`, and answers of the classes from `answers_from` on. One query reads both,
 * because every tick needs both. Times are epoch seconds. Throws `StoreError`.
 */
export async function readActivity(
  store: Store,
  range: { from: number; to: number; answers_from: number } & AnswerFilter,
): Promise<Activity> {
  const columns = await store.columns(
    `SELECT toUnixTimestamp(c.ts) AS ts, toLowCardinality('') AS provider, toLowCardinality('') AS org,
      toLowCardinality('') AS class, sum(c.requests) AS requests, toUInt64(0) AS retries
    FROM request_counts AS c
    WHERE c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC')
    GROUP BY c.ts
    UNION ALL
    SELECT * FROM (
      SELECT toUnixTimestamp(c.ts) AS ts, c.provider AS provider, c.org AS org, c.class AS class,
        sum(c.requests) AS requests, sum(c.retries) AS retries
      FROM request_counts AS c
      WHERE c.ts >= toDateTime({answers_from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC')
        AND ${isAsked}
      GROUP BY c.ts, c.provider, c.org, c.class
      ORDER BY c.ts, c.provider, c.org, c.class
    )`,
    { ...range, retried: range.retried ?? [] },
  );
  const activity: Activity = { totals: new Map(), answers: [] };
  for (const row of classCounts(columns)) {
    if (row.class === '') activity.totals.set(row.ts, row.requests);
    else activity.answers.push({ ...row, class: row.class });
  }
  return activity;
}
