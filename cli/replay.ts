import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replayRange } from '../analyzers/replay.ts';
import { requestClassNames } from '../domain/error-class.ts';
import type { Incident } from '../domain/incident.ts';
import { silentEvents, type WorkerEvents } from '../ingest/worker-events.ts';
import { openFileLines, openStreamLines } from '../ingest/sources/lines.ts';
import type { Store } from '../store/connect.ts';
import { readCountsByClass, readEventRange } from '../store/queries/totals.ts';
import type { CommandContext } from './context.ts';
import { incidentInFull } from './format/incidents.ts';
import { relayStdin } from './relay-stdin.ts';
import { fileLimits, openMigrated, workerFor } from './pipeline.ts';

export interface ReplayOptions {
  files: string[];
  json?: boolean;
}

/** Reads files of history into a fresh embedded store and prints what was counted and which incidents there were. */
export async function run(options: ReplayOptions, context: CommandContext): Promise<number> {
  const stdin = options.files.includes('-') ? relayStdin() : null;
  return withFreshStore(context, (store) => replay(store, stdin, options, context));
}

/** Opens an embedded store of its own, from which nothing expires, and removes it when `use` has ended. */
export async function withFreshStore<Result>(
  context: CommandContext,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(path.join(tmpdir(), 'faultline-replay-'));
  try {
    const store = await openMigrated({
      ...context.settings.clickhouse,
      url: '',
      cluster: '',
      path: directory,
    });
    try {
      // History is older than the tables would keep it.
      await store.command('SYSTEM STOP TTL MERGES');
      return await use(store);
    } finally {
      await store.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function replay(
  store: Store,
  stdin: AsyncIterable<Buffer> | null,
  options: ReplayOptions,
  context: CommandContext,
): Promise<number> {
  const dead = await readFiles(store, options.files, stdin, context);
  if (context.signal.aborted) return 130;
  const range = await readEventRange(store);
  const incidents =
    range === null ? [] : await replayRange(store, range.from, range.to, context.settings.analyzers);
  const counts = await readCountsByClass(store);
  if (options.json === true) context.out(JSON.stringify({ counts, incidents }));
  else printSummary(counts, incidents, context);
  sayUndecoded(dead, context);
  return 0;
}

/** Says on standard error how many records could not be decoded, if any. */
export function sayUndecoded(dead: number, context: Pick<CommandContext, 'err'>): void {
  if (dead === 0) return;
  context.err(
    `${dead} line${dead === 1 ? '' : 's'} could not be decoded: faultline start --source FILE keeps them for faultline dead-letters list`,
  );
}

/** Counts files into the store and returns how many records could not be decoded. */
export async function readFiles(
  store: Store,
  files: readonly string[],
  stdin: AsyncIterable<Buffer> | null,
  context: CommandContext,
): Promise<number> {
  let dead = 0;
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
    written(_id, batch) {
      dead += batch.fold.totals.dead;
    },
  };
  for (const file of files) {
    const source =
      file === '-' && stdin !== null ? openStreamLines('stdin', '0', stdin) : await openFileLines(file);
    const limits = fileLimits(context.settings);
    const worker = workerFor(context, context.settings, { store, source, events, limits, onRefused: 'fail' });
    const stop = (): void => void worker.stop(0);
    context.signal.addEventListener('abort', stop, { once: true });
    await worker.run();
    context.signal.removeEventListener('abort', stop);
    if (context.signal.aborted) break;
  }
  return dead;
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
