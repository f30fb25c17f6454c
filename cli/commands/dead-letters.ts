import { createRecordReader } from '../../ingest/read-record.ts';
import { type ReplayResult, replayDeadLetters } from '../../ingest/replay-dead-letters.ts';
import { type DeadLetter, type DeadLetterFilter, readDeadLetters } from '../../store/queries/dead-letters.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { reportInput } from '../format/input-report.ts';
import { formatCount } from '../format/numbers.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseWhen } from '../options/when.ts';
import { workerName } from '../needs/worker.ts';

export interface DeadLettersOptions {
  action: 'list' | 'replay';
  topic?: string;
  reason?: string;
  since?: string;
  limit?: number;
  json?: boolean;
  dryRun?: boolean;
}

/** Time between two lines of progress, ms. */
const PROGRESS_MS = 5_000;

/** Lists records that could not be decoded, or decodes them again. */
export async function run(options: DeadLettersOptions, context: CommandContext): Promise<number> {
  const store = await openReader(context);
  try {
    const filter: DeadLetterFilter = {
      topic: options.topic ?? '',
      reason: options.reason ?? '',
      since: options.since === undefined ? 0 : parseWhen(options.since, '--since', context.now()) / 1000,
    };
    if (options.action === 'list')
      list(await readDeadLetters(store, { ...filter, limit: options.limit ?? 100 }), options, context);
    else await replay(store, filter, options, context);
    return 0;
  } finally {
    await store.close();
  }
}

function list(letters: readonly DeadLetter[], options: DeadLettersOptions, context: CommandContext): void {
  if (options.json === true) {
    for (const letter of letters) context.out(JSON.stringify(letter));
    return;
  }
  if (letters.length === 0) context.out('no dead letters');
  for (const letter of letters) {
    const counted = letter.replayed === 1 ? ' (counted since)' : '';
    const body = letter.body.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 120);
    const time = new Date(letter.inserted_at * 1000).toISOString();
    context.out(
      `${time}  ${letter.topic}/${letter.partition}@${letter.offset}  ${letter.reason}: ${letter.detail}${counted}`,
    );
    context.out(`    ${body}`);
  }
}

async function replay(
  store: Store,
  filter: DeadLetterFilter,
  { dryRun = false, json = false }: DeadLettersOptions,
  context: CommandContext,
): Promise<void> {
  let reportedAt = context.now();
  const result = await replayDeadLetters(store, filter, {
    reader: createRecordReader(context.settings),
    now: context.now(),
    worker: workerName(),
    dryRun,
    isEnough: (counted) => {
      if (context.now() - reportedAt >= PROGRESS_MS) {
        reportedAt = context.now();
        context.err(`${formatCount(counted)} requests ${dryRun ? 'could be ' : ''}counted so far`);
      }
      return context.signal.aborted;
    },
  });
  const { next, ...rest } = result;
  if (json) context.out(JSON.stringify({ dry_run: dryRun, ...rest }));
  else {
    for (const line of replayInFull(result, dryRun)) context.out(line);
    for (const line of reportInput(result.input, 'record')) context.err(line);
  }
  if (next !== null) context.err('stopped before the end: run it again to continue');
}

function replayInFull({ counted, rejected, cut, in_doubt }: ReplayResult, isDry: boolean): string[] {
  const requests = isDry ? `${formatCount(counted)} can be counted` : `${formatCount(counted)} counted`;
  const lines = [
    `${requests}, ${formatCount(rejected)} still undecodable, ${formatCount(cut)} not stored as a whole`,
  ];
  if (in_doubt > 0)
    lines.push(
      `${formatCount(in_doubt)} were being counted when a process was killed. It is too long ago to know whether they were stored: faultline reconcile shows whether counts are missing`,
    );
  return lines;
}
