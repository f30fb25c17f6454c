import { createTrial, type TriedMessage } from '../../ingest/tried-message.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { createPainter } from '../format/color.ts';
import { formatOrigin } from '../format/format-origin.ts';
import { formatCount } from '../format/numbers.ts';
import { triedLines } from '../format/try.ts';
import { readSample, type Sample } from '../input/read-sample.ts';

export interface TryOptions {
  file?: string;
  json?: boolean;
  limit?: number;
}

/** How many records are read without `--limit`. */
const LIMIT = 1_000;
/** Up to this many records are shown one by one. Of more records, only the first of each kind is shown. */
const EACH = 20;
const BYTES = 64 * 1024 * 1024;

/** Shows how each record of a sample is read; exit code 1 when one of them is a dead letter. */
export async function run(options: TryOptions, context: CommandContext): Promise<number> {
  const file = options.file === undefined || options.file === '-' ? null : options.file;
  const trial = createTrial(context.settings);
  if (file === null && context.stdin.isTTY) context.err('paste a record, then Ctrl-D');
  const sample = await readSample(file, context.stdin, { records: options.limit ?? LIMIT, bytes: BYTES });
  const tried = sample.records.map((value, i) => ({ ...trial(value, context.now()), [sample.unit]: i + 1 }));
  if (options.json === true)
    context.out(JSON.stringify({ input: sample.name, unit: sample.unit, records: tried }));
  else print(sample, tried, context);
  if (sample.damage !== null)
    context.err(`${sample.name} ${sample.damage}: everything before that was tried`);
  if (sample.isCut)
    context.err(`${sample.name} has more: its first ${formatCount(tried.length)} were tried (--limit)`);
  const how = tried.length > 0 && tried.every(isDead) ? formatOrigin(context) : null;
  if (how !== null && options.json !== true) context.err(how);
  if (tried.length === 0) context.err(`${sample.name} is empty: there was nothing to read`);
  return tried.length === 0 || tried.some(isDead) ? EXIT.found : EXIT.ok;
}

function print(sample: Sample, tried: readonly TriedMessage[], context: CommandContext): void {
  const terminal = { width: context.width, paint: createPainter(context.color) };
  const kinds = new Map<string, { place: string; first: TriedMessage; count: number }>();
  const each = tried.flatMap((message, i) => recordsOf(message, `${sample.unit} ${i + 1}`));
  for (const [i, { place, message }] of each.entries()) {
    // One dead letter of each kind is enough even in a small sample, because all of one kind are alike.
    const kind = each.length <= EACH && !isDead(message) && !isPlain(message) ? String(i) : kindOf(message);
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, { place, first: message, count: 1 });
    else known.count++;
  }
  for (const { place, first, count } of kinds.values()) {
    for (const line of triedLines(first, place, terminal)) context.out(line);
    if (count > 1) context.out(`  alike         ${formatCount(count - 1)} more`);
    context.out('');
  }
  const counts = new Map<string, number>();
  for (const word of tried.flatMap(outcomes)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${formatCount(count)} ${word}`);
  if (tried.length > 1 || each.length > 1) context.out(words.join(', '));
}

/**
 * Splits a message into its records, because one message may have hundreds that are alike. Records that no format
 * recognises come last.
 */
function recordsOf(message: TriedMessage, place: string): { place: string; message: TriedMessage }[] {
  const { records } = message;
  const unread = message.unread.map(({ text, ...why }) => ({
    place: `${place}, another record`,
    message: { outcome: { kind: 'dead' as const, ...why }, records: [], unread: [], text },
  }));
  if (records.length + unread.length < 2) return [{ place, message }];
  const read = records.map((record, i) => ({
    place: `${place}, record ${i + 1}`,
    message: { outcome: record.outcome, records: [record], unread: [], text: i === 0 ? message.text : '' },
  }));
  return [...read, ...unread];
}

/** Messages of the same kind have the same formats, outcomes, rules and fields. */
function kindOf({ outcome, records }: TriedMessage): string {
  const reason = outcome.kind === 'counted' ? '' : outcome.reason;
  const parts = records.map(({ format, outcome: own, requests, fields, dropped }) => [
    format,
    own.kind,
    requests.map(({ rule }) => rule).slice(0, 3),
    fields.map(({ from }) => from.join().replaceAll(/\[\d+\]/g, '[]')),
    dropped,
  ]);
  return JSON.stringify([outcome.kind, reason, parts.slice(0, 3)]);
}

function outcomes({ outcome, records, unread }: TriedMessage): string[] {
  if (records.length + unread.length === 0) return [wordOf(outcome)];
  const read = records.flatMap((record) =>
    record.outcome.kind === 'counted'
      ? record.requests.map((request) => request.class)
      : [wordOf(record.outcome)],
  );
  return [...read, ...unread.map(({ reason, detail }) => wordOf({ kind: 'dead', reason, detail }))];
}

function wordOf(outcome: TriedMessage['outcome']): string {
  if (outcome.kind === 'counted') return 'counted';
  return `${outcome.kind === 'dead' ? 'dead' : 'skipped'} (${outcome.reason})`;
}

/** True for a line of plain text, for which there is nothing to show. */
function isPlain({ outcome, records }: TriedMessage): boolean {
  return records.length === 0 && outcome.kind === 'skipped' && outcome.reason === 'plain_text';
}

function isDead({ outcome, records, unread }: TriedMessage): boolean {
  return (
    outcome.kind === 'dead' || unread.length > 0 || records.some((record) => record.outcome.kind === 'dead')
  );
}
