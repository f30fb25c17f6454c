import path from 'node:path';
import { z } from 'zod';
import type { V1Options } from './options.ts';
import { route, type ApiRoute } from './route.ts';
import { iso, time } from './query-parts.ts';

/** The answer of `/api/v1/status`. */
export const statusAnswer = z.strictObject({
  live: z
    .strictObject({
      source: z.string().meta({ description: 'Where records come from, for people.' }),
      state: z.enum(['starting', 'running', 'finished', 'degraded']),
      detail: z.string().meta({ description: 'Why it is degraded, or what it waits for; may be empty.' }),
      records: z.number().meta({ description: 'Read so far.' }),
      failures: z.number().meta({ description: 'Of these, failed requests.' }),
      records_per_second: z.number(),
      progress: z.number().nullable().meta({ description: '0 to 1; null where the source has no end.' }),
      watermark: time.nullable().meta({ description: 'Event time up to which records have been counted.' }),
    })
    .nullable()
    .meta({ description: 'What this process reads itself; null: nothing.' }),
  present: time.meta({ description: 'Event time that counts as now.' }),
  clock: time,
  oldest: time
    .nullable()
    .meta({ description: 'Start of the first minute with counts; null: there is none.' }),
  newest: time.nullable(),
  data_directory: z
    .string()
    .nullable()
    .meta({ description: 'Of the embedded engine, for --data of a command; null: a ClickHouse server.' }),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export type StatusOptions = Pick<V1Options, 'store' | 'now' | 'present' | 'live'>;

/** Reads what this process reads now and how far the counts reach. Throws `StoreError`. */
export async function readStatus({ store, now, present, live }: StatusOptions): Promise<StatusAnswer> {
  const [span] = await store.query<{ oldest: number; newest: number }>(SPAN);
  const filled = span !== undefined && span.newest > 0;
  const own = live?.();
  const at = (ms: number): string => iso(ms / 1_000);
  return {
    live:
      own === undefined
        ? null
        : {
            source: own.source,
            state: own.state,
            detail: own.detail,
            records: own.records,
            failures: own.failures,
            records_per_second: own.records_per_second,
            progress: own.progress,
            watermark: own.watermark === null ? null : at(own.watermark),
          },
    present: at(present()),
    clock: at(now()),
    oldest: filled ? iso(span.oldest) : null,
    newest: filled ? iso(span.newest) : null,
    data_directory: store.kind === 'embedded' ? path.resolve(store.where) : null,
  };
}

/** The route of the status. */
export function statusRoute(options: V1Options): ApiRoute {
  return route({
    method: 'GET',
    path: '/status',
    summary: 'What is read now, the event time that counts as the present, and how far the counts reach.',
    role: 'read',
    query: z.strictObject({}),
    answer: statusAnswer,
    run: () => readStatus(options),
  });
}

const SPAN = `
SELECT toUnixTimestamp(min(ts)) AS oldest, toUnixTimestamp(max(ts)) AS newest FROM request_counts_1m`;
