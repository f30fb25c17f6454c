import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replayRange } from '../analyzers/replay.ts';
import { requestClassNames } from '../domain/error-class.ts';
import type { Incident } from '../domain/incident.ts';
import { silentEvents, type WorkerEvents } from '../ingest/worker-events.ts';
import { type InputReport, sumReports, tallyInput } from '../ingest/input-report.ts';
import { announceInMemory } from '../ingest/sources/announcements.ts';
import type { Store } from '../store/store.ts';
import { readCountsByClass, readEventRange } from '../store/queries/totals.ts';
import type { CommandContext } from './context.ts';
import { incidentInFull } from './format/incidents.ts';
import { nothingCounted, reportInput } from './format/input-report.ts';
import { type OpenLines, openLines } from './open-lines.ts';
import { fileLimits, openMigrated, workerFor } from './pipeline.ts';

export interface ReplayOptions {
  files: string[];
  json?: boolean;
}

/**
 * Reads files of history into a fresh embedded store and prints what was counted and which incidents there were. Exit code
 * 1 when there was no request in one of them.
 */
export async function run(options: ReplayOptions, context: CommandContext): Promise<number> {
  return withFiles(options.files, context, (store, inputs) => replay(store, inputs, options, context));
}

/** Opens files and a fresh embedded store of its own, and removes the store when `use` has ended. */
export async function withFiles<Result>(
  files: readonly string[],
  context: CommandContext,
  use: (store: Store, inputs: readonly OpenLines[]) => Promise<Result>,
): Promise<Result> {
  const inputs = await openInputs(files, context);
  const directory = await mkdtemp(path.join(tmpdir(), 'faultline-replay-'));
  try {
    const store = await openMigrated({
      ...context.settings.clickhouse,
      url: '',
      cluster: '',
      path: directory,
    });
    try {
      return await use(store, inputs);
    } finally {
      await store.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** All are opened before the store: it takes standard input away, and a file that is missing is said at once. */
async function openInputs(files: readonly string[], context: CommandContext): Promise<OpenLines[]> {
  const inputs: OpenLines[] = [];
  const announcements = announceInMemory();
  for (const [i, file] of [...new Set(files)].entries()) {
    const options = {
      run: String(i),
      follow: false,
      lastLine: 'line' as const,
      announcements,
      say: context.err,
    };
    inputs.push(await openLines(file, options));
  }
  return inputs;
}

async function replay(
  store: Store,
  inputs: readonly OpenLines[],
  options: ReplayOptions,
  context: CommandContext,
): Promise<number> {
  const reports = await readInputs(store, inputs, context);
  if (reports === null) return 130;
  const range = await readEventRange(store);
  const incidents =
    range === null ? [] : await replayRange(store, range.from, range.to, context.settings.analyzers);
  const counts = await readCountsByClass(store);
  const input = sumReports(reports);
  if (options.json === true) context.out(JSON.stringify({ counts, incidents, input }));
  else if (input.requests > 0) printSummary(counts, incidents, context);
  if (input.requests > 0) context.err(reportInput(input, 'line'));
  const empty = sayEmpty(inputs, reports, context);
  return empty ? 1 : 0;
}

/** Says of each input in which nothing was a request what was there instead; true when there was one. */
export function sayEmpty(
  inputs: readonly OpenLines[],
  reports: readonly InputReport[],
  context: CommandContext,
): boolean {
  const all = sumReports(reports);
  const empty = inputs.flatMap(({ name }, i) => {
    const report = reports[i];
    // A log in which nothing was written yet may well be one of many.
    if (report === undefined || (report.read === 0 && inputs.length > 1 && all.read > 0)) return [];
    return nothingCounted(report, name, 'line') ?? [];
  });
  for (const line of empty) context.err(line);
  return empty.length > 0;
}

/** Counts all inputs into the store; null when the signal came. */
export async function readInputs(
  store: Store,
  inputs: readonly OpenLines[],
  context: CommandContext,
): Promise<InputReport[] | null> {
  const reports: InputReport[] = [];
  for (const input of inputs) {
    reports.push(await readInput(store, input, context));
    if (context.signal.aborted) return null;
  }
  return reports;
}

async function readInput(
  store: Store,
  { source, isFile }: OpenLines,
  context: CommandContext,
): Promise<InputReport> {
  const tally = tallyInput();
  let records = 0;
  let said = context.now();
  const events: WorkerEvents = {
    ...silentEvents,
    folded(_id, count) {
      records += count;
      if (context.now() - said < 1_000) return;
      said = context.now();
      context.err(`${records} lines read`);
    },
    written: (_id, batch) => tally.add(batch),
  };
  const limits = isFile ? { limits: fileLimits(context.settings) } : {};
  const worker = workerFor(context, context.settings, {
    store,
    source,
    events,
    ...limits,
    onRefused: 'fail',
  });
  // When it fails, so does `worker.run`.
  const stop = (): void => void worker.stop(0);
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  await worker.run();
  context.signal.removeEventListener('abort', stop);
  return tally.report();
}

function printSummary(
  counts: Record<string, number>,
  incidents: readonly Incident[],
  context: CommandContext,
): void {
  const width = Math.max(...requestClassNames.map((name) => name.length));
  for (const name of requestClassNames) {
    const count = counts[name] ?? 0;
    if (count > 0) context.out(`${name.padEnd(width)}  ${count}`);
  }
  context.out('');
  if (incidents.length === 0) context.out('no incidents');
  const terminal = { width: context.width, color: context.color, now: context.now() };
  for (const incident of incidents)
    for (const line of [...incidentInFull(incident, terminal), '']) context.out(line);
}
