import { toRetention } from '../../domain/retention.ts';
import type { Store } from '../../store/store.ts';
import { readCountedRange, readDimensionValues, readTrends } from '../../store/queries/trends.ts';
import { retentionOf } from '../../store/queries/held-tables.ts';
import { planTrends, type TrendPlan } from '../../store/queries/trends-plan.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';
import { formatTime } from '../format/numbers.ts';
import { trendsCsv } from '../../dashboards/console/v1/trends.ts';
import { trendsAsJson, trendsAsTable } from '../format/trends.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseDuration, parseWhen } from '../options/when.ts';
import { parseBy, parseWhere } from '../options/where.ts';

export interface TrendsOptions {
  by?: string;
  since?: string;
  until?: string;
  step?: string;
  where?: readonly string[];
  errorsOnly?: boolean;
  limit?: number;
  format?: 'table' | 'json' | 'csv';
}

const MOST_GROUPS = 10_000;
const TABLE_GROUPS = 30;

/** Prints error trends; exit code 0 also when nothing is found, with what to check on stderr. */
export async function run(options: TrendsOptions, context: CommandContext): Promise<number> {
  const format = options.format ?? 'table';
  const range = parseRange(options, context.now());
  const request = { ...range, by: parseBy(options.by), where: parseWhere(options) };
  const retention = toRetention(context.settings.clickhouse.retention);
  // What is wrong with the question itself is said before the store is opened.
  planTrends({
    ...request,
    retention: { ...retention, request_counts: null, request_counts_1m: null, request_counts_1h: null },
  });
  const store = await openReader(context);
  try {
    const plan = planTrends({ ...request, retention: await retentionOf(store, retention, range) });
    const limit = options.limit ?? (format === 'table' ? TABLE_GROUPS : MOST_GROUPS);
    const result = await readTrends(store, plan, { errorsOnly: options.errorsOnly === true, limit });
    if (format === 'json') context.out(trendsAsJson(result));
    else if (format === 'csv') context.stdout.write(trendsCsv(plan, result));
    else if (result.series.length > 0) {
      for (const line of trendsAsTable(plan, result, context)) context.out(line);
    }
    if (result.series.length === 0) context.err(await explainNothing(store, plan));
    else if (result.left_off > 0) context.err(leftOff(result.left_off));
  } finally {
    await store.close();
  }
  return 0;
}

function parseRange(
  options: TrendsOptions,
  nowMs: number,
): { since: number; until: number; now: number; step: number | null } {
  const now = Math.floor(nowMs / 1_000);
  const since = parseWhen(options.since ?? '24h', '--since', nowMs) / 1_000;
  const until = parseWhen(options.until ?? 'now', '--until', nowMs) / 1_000;
  if (since >= until) {
    throw new UserError(
      `--since (${formatTime(since * 1_000)}) is not before --until (${formatTime(until * 1_000)})`,
    );
  }
  return {
    since,
    until,
    now,
    step: options.step === undefined ? null : parseDuration(options.step, '--step'),
  };
}

async function explainNothing(store: Store, plan: TrendPlan): Promise<string> {
  const counted = await readCountedRange(store);
  if (counted === null)
    return `faultline: no request is counted yet in ${store.where}; run faultline start or faultline ingest`;
  const range = `${formatTime(plan.from * 1_000)} to ${formatTime(plan.to * 1_000)} UTC`;
  if (counted.newest < plan.from || counted.oldest >= plan.to) {
    const since = new Date(Math.max(counted.oldest, counted.newest - 86_400) * 1_000).toISOString();
    const until = new Date((counted.newest + 3_600) * 1_000).toISOString();
    return `faultline: no request from ${range}; the newest counts are of ${formatTime(counted.newest * 1_000)}: try --since ${since} --until ${until}`;
  }
  for (const { dimension, values, negate } of plan.where) {
    const present = await readDimensionValues(store, plan, dimension, 10);
    if (!negate && !values.some((value) => present.includes(value))) {
      return `faultline: nothing from ${range} with ${dimension}=${values.join(',')}; there is ${present.map((v) => v || '(empty)').join(', ')}`;
    }
  }
  return plan.where.length === 0
    ? `faultline: no error from ${range}`
    : `faultline: no error from ${range} fits every --where; leave one out to see more`;
}

function leftOff(groups: number): string {
  return `faultline: ${groups} more group${groups === 1 ? '' : 's'} with fewer errors; --limit shows more`;
}
