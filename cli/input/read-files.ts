import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentEvents, type WorkerEvents } from '../../ingest/worker-events.ts';
import { type InputReport, sumReports, tallyInput } from '../../ingest/input-report.ts';
import { announceInMemory } from '../../ingest/sources/announcements.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { commonUnit, endLine, type InputUnit, nothingCounted } from '../format/input-report.ts';
import { formatOrigin } from '../format/format-origin.ts';
import { type OpenLines, openLines } from './open-lines.ts';
import { openMigrated } from '../needs/open-migrated.ts';
import { fileLimits, workerFor } from '../needs/worker.ts';

/** Opens files and a new embedded store for them, and removes the store when `use` has ended. */
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
    // An error here must not hide why `use` failed, and the folder is only temporary.
    await rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** Call it before the store is opened: the store closes standard input, and a missing file must be reported at once. */
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

/** Prints what each input without a request contains instead; true when there is such an input. */
export function sayEmpty(
  inputs: readonly OpenLines[],
  reports: readonly InputReport[],
  context: CommandContext,
): boolean {
  const all = sumReports(reports);
  const empty = inputs.flatMap(({ name, unit }, i) => {
    const report = reports[i];
    // One empty log among several is normal, as after a rotation.
    if (report === undefined || (report.read === 0 && inputs.length > 1 && all.read > 0)) return [];
    return nothingCounted(report, name, unit());
  });
  for (const line of empty) context.err(line);
  const how = all.read > 0 && empty.length > 0 ? formatOrigin(context) : null;
  if (how !== null) context.err(how);
  return empty.length > 0;
}

/** The common unit of all inputs. */
export function unitOfAll(inputs: readonly OpenLines[]): InputUnit {
  return commonUnit(inputs.map(({ unit }) => unit()));
}

/** Prints why inputs were not read to their end; true when there is such an input. */
export function sayUnread(inputs: readonly OpenLines[], context: CommandContext): boolean {
  const unread = inputs.flatMap(({ name, unit, damage, unfinished }) => {
    const facts = { name, damage: damage(), unfinished: unfinished() };
    return endLine(facts, unit()) ?? [];
  });
  for (const line of unread) context.err(line);
  return unread.length > 0;
}

/** Counts all inputs into the store; null when a signal stopped the reading. */
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
      context.err(`${records} records read`);
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
  // When stopping fails, `worker.run` fails with the same error.
  const stop = (): void => void worker.stop(0);
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  await worker.run();
  context.signal.removeEventListener('abort', stop);
  return tally.report();
}
