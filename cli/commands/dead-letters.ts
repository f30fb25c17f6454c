import { replayDeadLetters } from '../../ingest/replay-dead-letters.ts';
import { createRecordReader } from '../../ingest/read-record.ts';
import type { Store } from '../../store/store.ts';
import { type DeadLetter, readDeadLetters } from '../../store/queries/dead-letters.ts';
import type { CommandContext } from '../context.ts';
import { reportInput } from '../format/input-report.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseWhen } from '../options/when.ts';

export interface DeadLettersOptions {
  action: 'list' | 'replay';
  topic?: string;
  reason?: string;
  since?: string;
  limit?: number;
  json?: boolean;
}

/** Lists records that could not be decoded, or decodes them again. */
export async function run(options: DeadLettersOptions, context: CommandContext): Promise<number> {
  const store = await openReader(context);
  try {
    const letters = await readDeadLetters(store, {
      topic: options.topic ?? '',
      reason: options.reason ?? '',
      since: options.since === undefined ? 0 : parseWhen(options.since, '--since', context.now()) / 1000,
      limit: options.limit ?? (options.action === 'list' ? 100 : 1_000_000),
      open: options.action === 'replay',
    });
    if (options.action === 'list') list(letters, options, context);
    else await replay(store, letters, options, context);
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
  letters: readonly DeadLetter[],
  options: DeadLettersOptions,
  context: CommandContext,
): Promise<void> {
  const reader = createRecordReader(context.settings);
  const result = await replayDeadLetters(store, letters, {
    reader,
    now: context.now(),
    worker: 'dead-letters',
  });
  if (options.json === true) context.out(JSON.stringify(result));
  else
    context.out(
      `${result.counted} counted, ${result.rejected} still undecodable, ${result.cut} were cut when they were stored`,
    );
  if (options.json !== true) for (const line of reportInput(result.input, 'record')) context.err(line);
}
