import type { TimeSpan } from '../../domain/time-span.ts';
import { explain } from '../../analyzers/explain.ts';
import { worstSpan } from '../../analyzers/explain/worst-span.ts';
import { nothingBefore } from '../../dashboards/console/v1/explain-notes.ts';
import { MOST_COMBINATIONS, readExplanation } from '../../dashboards/console/v1/read-explanation.ts';
import { usualTimeOf } from '../../domain/usual-time.ts';
import { toRetention } from '../../domain/retention.ts';
import { sumReports } from '../../ingest/input-report.ts';
import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import { isRequestClass, type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Store } from '../../store/store.ts';
import { retentionOf } from '../../store/queries/held-tables.ts';
import {
  checkNames,
  planExplainSums,
  readMinutes,
  readNewestCount,
  type Selection,
} from '../../store/queries/explain-sums.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { EXIT, UserError } from '../errors.ts';
import { explainedAsJson, explainedAsTable } from '../format/explain.ts';
import { formatCount, formatTime } from '../format/numbers.ts';
import { openReader } from '../needs/open-reader.ts';
import { reportInput } from '../format/input-report.ts';
import { readInputs, sayEmpty, sayUnread, unitOfAll, withFiles } from '../input/read-files.ts';
import { parseWhen } from '../options/when.ts';
import { parseBy, parseWhere } from '../options/where.ts';

export interface ExplainOptions {
  files?: string[];
  from?: string;
  to?: string;
  against?: string;
  class?: string;
  by?: string;
  where?: readonly string[];
  limit?: number;
  json?: boolean;
}

const LIMIT = 10;
const SPAN_SECONDS = 15 * 60;

/**
 * Prints how the failures of a span differ from the usual. Exit code 1 when a part of the traffic fails more than
 * usual.
 */
export async function run(options: ExplainOptions, context: CommandContext): Promise<number> {
  const asked = parse(options, context.now());
  const files = options.files ?? [];
  if (files.length === 0) {
    const store = await openReader(context);
    try {
      return await answer(store, asked, { ofFiles: false }, options, context);
    } finally {
      await store.close();
    }
  }
  return withFiles(files, context, async (store, inputs) => {
    const reports = await readInputs(store, inputs, context);
    if (reports === null) return EXIT.interrupted;
    if (sayEmpty(inputs, reports, context)) return EXIT.usage;
    const code = await answer(store, asked, { ofFiles: true }, options, context);
    for (const line of reportInput(sumReports(reports), unitOfAll(inputs))) context.err(line);
    sayUnread(inputs, context);
    return code;
  });
}

/** The checked flags. Times are epoch seconds; null when the data decide. */
interface Asked extends Selection {
  from: number | null;
  to: number | null;
  against: TimeSpan | null;
  by: readonly string[] | null;
}

async function answer(
  store: Store,
  asked: Asked,
  { ofFiles }: { ofFiles: boolean },
  options: ExplainOptions,
  context: CommandContext,
): Promise<number> {
  const window = await chooseWindow(store, asked, ofFiles);
  const usual = asked.against ?? usualTimeOf(window);
  const now = ofFiles ? null : Math.floor(context.now() / 1_000);
  const settings = toRetention(context.settings.clickhouse.retention);
  const span = { since: Math.min(window.from, usual.from), until: Math.max(window.to, usual.to) };
  const retention = now === null ? settings : await retentionOf(store, settings, { ...span, now });
  const plan = planExplainSums({ ...asked, window, now, retention });
  const explanation = await readExplanation(store, plan, explain);
  if (explanation === null) {
    throw new UserError(
      `there are over ${formatCount(MOST_COMBINATIONS)} combinations of ${plan.by.join(', ')}: name fewer with --by, or a part of the traffic with --where`,
    );
  }
  if (explanation.total.requests === 0) throw new UserError(nothingIn(plan.window));
  if (!explanation.isCompared)
    throw new UserError(`${nothingBefore(plan.against)}; choose another time with --against`);

  const found = { ...explanation, scopes: explanation.scopes.slice(0, options.limit ?? LIMIT) };
  if (options.json === true) context.out(explainedAsJson(found));
  else for (const line of explainedAsTable(found, context)) context.out(line);
  return found.scopes.length === 0 ? EXIT.ok : EXIT.found;
}

/**
 * The span to explain: the span in the flags; otherwise the worst span of the files, or the last complete 15 minutes of
 * a store.
 */
async function chooseWindow(store: Store, asked: Asked, ofFiles: boolean): Promise<TimeSpan> {
  const { from, to } = asked;
  if (from !== null && to !== null) return { from, to };
  if (from === null && to !== null) return { from: to - SPAN_SECONDS, to };
  const newest = await readNewestCount(store);
  if (newest === null)
    throw new UserError(`no request is counted in ${ofFiles ? 'what was read' : store.where}`);
  // A file is complete; in a store the newest interval may still grow.
  const end = ofFiles ? newest + COUNT_INTERVAL_SECONDS : newest;
  if (from !== null) {
    if (from < end) return { from, to: end };
    throw new UserError(
      `--from (${formatTime(from * 1_000)}) is not before the end of the counts (${formatTime(end * 1_000)})`,
    );
  }
  const worst = ofFiles && asked.against === null ? worstSpan(await readMinutes(store, asked)) : null;
  return worst ?? { from: end - SPAN_SECONDS, to: end };
}

function parse(options: ExplainOptions, now: number): Asked {
  const time = (text: string | undefined, flag: string) =>
    text === undefined ? null : parseWhen(text, flag, now) / 1_000;
  const [from, to] = [time(options.from, '--from'), time(options.to, '--to')];
  if (from !== null && to !== null) checkOrder({ from, to }, '--from', '--to');
  const against = options.against === undefined ? null : parseAgainst(options.against, now);
  if (against !== null && from !== null && to !== null && against.from < to && against.to > from) {
    throw new UserError('--against overlaps the time from --from to --to: name a time before or after it');
  }
  const by = options.by === undefined ? null : parseBy(options.by);
  const where = parseWhere(options);
  // The names are checked before the files are read, because reading may take long.
  checkNames({ by, where });
  return { from, to, against, by, where, classes: parseClasses(options.class) };
}

function parseAgainst(text: string, now: number): TimeSpan {
  const [from, to, more] = text.split('..');
  if (from === undefined || to === undefined || more !== undefined) {
    throw new UserError(
      `--against is ${JSON.stringify(text)}: must be two times such as 2026-03-01T11:00:00Z..2026-03-01T12:00:00Z`,
    );
  }
  const span = {
    from: parseWhen(from, '--against', now) / 1_000,
    to: parseWhen(to, '--against', now) / 1_000,
  };
  checkOrder(span, 'the start of --against', 'its end');
  return span;
}

function parseClasses(text: string | undefined): readonly RequestClass[] {
  return (text === undefined ? [] : text.split(',')).map((part) => {
    const name = part.trim();
    if (isRequestClass(name) && name !== 'ok') return name;
    const failures = requestClassNames.filter((one) => one !== 'ok');
    throw new UserError(`--class is ${JSON.stringify(name)}${suggestion(name, failures)}`);
  });
}

function checkOrder({ from, to }: TimeSpan, first: string, second: string): void {
  if (from < to) return;
  throw new UserError(
    `${first} (${formatTime(from * 1_000)}) is not before ${second} (${formatTime(to * 1_000)})`,
  );
}

function nothingIn({ from, to }: TimeSpan): string {
  return `no request is counted in the span (${formatTime(from * 1_000)} to ${formatTime(to * 1_000)} UTC): choose another with --from and --to`;
}
