import { toRetention } from '../../domain/retention.ts';
import { sumReports } from '../../ingest/input-report.ts';
import type { Store } from '../../store/store.ts';
import { readCountedRange, readDimensionValues, readTrends } from '../../store/queries/trends.ts';
import { retentionOf } from '../../store/queries/held-tables.ts';
import { planTrends, type TrendPlan, type TrendRequest } from '../../store/queries/trends-plan.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { formatTime } from '../format/numbers.ts';
import { trendsCsv } from '../../dashboards/console/v1/trends.ts';
import { trendsAsJson, trendsAsTable } from '../format/trends.ts';
import { reportInput } from '../format/input-report.ts';
import { readInputs, sayEmpty, sayUnread, unitOfAll, withFiles } from '../input/read-files.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseDuration, parseWhen } from '../options/when.ts';
import { parseBy, parseWhere } from '../options/where.ts';

export interface TrendsOptions {
  files?: string[];
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
/** The newest count is that of a whole minute, so the range ends this many seconds after its start. */
const MINUTE = 60;
const DAY = 86_400;

/** A store for files keeps all counts, however old they are. */
const everything = { request_counts: null, request_counts_1m: null, request_counts_1h: null };

/** Prints error trends. Exit code 0 even when nothing is found; stderr then says what to check. */
export async function run(options: TrendsOptions, context: CommandContext): Promise<number> {
  const range = parseRange(options, context.now());
  const request = { ...range, by: parseBy(options.by), where: parseWhere(options) };
  const retention = toRetention(context.settings.clickhouse.retention);
  // A wrong request is reported before the store is opened.
  planTrends({ ...request, retention: { ...retention, ...everything } });
  const files = options.files ?? [];
  if (files.length > 0) return ofFiles(files, request, options, context);
  const store = await openReader(context);
  try {
    await print(
      store,
      planTrends({ ...request, retention: await retentionOf(store, retention, range) }),
      options,
      context,
    );
  } finally {
    await store.close();
  }
  return EXIT.ok;
}

/** Trends of files, which are read as `replay` reads them; by default over their whole time. */
async function ofFiles(
  files: readonly string[],
  request: TrendRequest,
  options: TrendsOptions,
  context: CommandContext,
): Promise<number> {
  return withFiles(files, context, async (store, inputs) => {
    const reports = await readInputs(store, inputs, context);
    if (reports === null) return EXIT.interrupted;
    if (sayEmpty(inputs, reports, context)) return EXIT.usage;
    const counted = await readCountedRange(store);
    const isOpen = options.since === undefined && counted !== null && counted.oldest < request.until;
    const since = isOpen ? counted.oldest : request.since;
    const until = options.until === undefined && counted !== null ? counted.newest + MINUTE : request.until;
    const retention = { ...toRetention(context.settings.clickhouse.retention), ...everything };
    await print(store, planTrends({ ...request, since, until, retention }), options, context);
    for (const line of reportInput(sumReports(reports), unitOfAll(inputs))) context.err(line);
    sayUnread(inputs, context);
    return EXIT.ok;
  });
}

async function print(
  store: Store,
  plan: TrendPlan,
  options: TrendsOptions,
  context: CommandContext,
): Promise<void> {
  const format = options.format ?? 'table';
  const limit = options.limit ?? (format === 'table' ? TABLE_GROUPS : MOST_GROUPS);
  const result = await readTrends(store, plan, { errorsOnly: options.errorsOnly === true, limit });
  if (format === 'json') context.out(trendsAsJson(result));
  else if (format === 'csv') context.stdout.write(trendsCsv(plan, result));
  else if (result.series.length > 0) {
    for (const line of trendsAsTable(plan, result, context)) context.out(line);
  }
  if (result.series.length === 0) context.err(await explainNothing(store, plan));
  else if (result.left_off > 0) context.err(leftOff(result.left_off));
}

function parseRange(
  options: TrendsOptions,
  nowMs: number,
): { since: number; until: number; now: number; step: number | null } {
  const now = Math.floor(nowMs / 1_000);
  const until = parseWhen(options.until ?? 'now', '--until', nowMs) / 1_000;
  // The first time in the files is known only after they are read.
  const isOpen = options.since === undefined && (options.files ?? []).length > 0;
  const since = isOpen ? until - DAY : parseWhen(options.since ?? '24h', '--since', nowMs) / 1_000;
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
