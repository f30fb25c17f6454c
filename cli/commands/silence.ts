import { randomUUID } from 'node:crypto';
import { isOver, LONGEST_SILENCE_SECONDS, type Silence, silencedUntil } from '../../domain/attention.ts';
import { incidentKindNames } from '../../domain/incident-kind.ts';
import { readMarks, writeSilence } from '../../store/queries/attention.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { EXIT, UserError } from '../errors.ts';
import { createPainter } from '../format/color.ts';
import { formatDuration, formatTime } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseScope } from '../options/scope.ts';
import { signedBy } from '../options/signed-by.ts';
import { parseDuration, parseWhen } from '../options/when.ts';

export interface SilenceOptions {
  action: 'add' | 'list' | 'end';
  id?: string;
  kind?: string;
  where?: readonly string[];
  all?: boolean;
  for?: string;
  until?: string;
  from?: string;
  every?: string;
  by?: string;
  note?: string;
  json?: boolean;
}

/** Adds, lists or ends silences and maintenance windows. */
export async function run(options: SilenceOptions, context: CommandContext): Promise<number> {
  // Wrong flags are reported before anything is opened.
  const added = options.action === 'add' ? parseSilence(options, context) : null;
  const store = await openReader(context);
  try {
    if (added !== null) {
      await writeSilence(store, added);
      context.out(`${added.id}: ${describe(added, context.now() / 1000)}`);
      return EXIT.ok;
    }
    const { silences } = await readMarks(store);
    if (options.action === 'list') return list(silences, options, context);
    const one = findSilence(silences, options.id ?? '');
    await writeSilence(store, { ...one, ended_at: context.now() / 1000 });
    context.out(`${one.id}: ended`);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

/** Makes a silence from the flags; throws `UserError` naming the wrong flag. */
export function parseSilence(options: SilenceOptions, context: Pick<CommandContext, 'now' | 'env'>): Silence {
  const now = context.now();
  const kinds = (options.kind ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  for (const kind of kinds)
    if (!incidentKindNames.some((known) => known === kind))
      throw new UserError(`--kind is ${JSON.stringify(kind)}${suggestion(kind, incidentKindNames)}`);
  const scope = parseScope(options.where, 'add one silence for each');
  if (kinds.length === 0 && Object.keys(scope).length === 0 && options.all !== true)
    throw new UserError('this would silence everything: give --kind or --where, or confirm with --all');
  const starts = options.from === undefined ? now : parseWhen(options.from, '--from', now);
  const ends = endOf(options, starts, now);
  const every = options.every === undefined ? 0 : Math.round(lengthOf(options.every, '--every'));
  if (ends <= starts) throw new UserError('the end is not after the start: correct --until or --from');
  if (ends <= now && every === 0) throw new UserError('the end has passed: correct --until, --for or --from');
  if (every !== 0 && every * 1000 <= ends - starts)
    throw new UserError('--every is not longer than the silence itself: so the silence would never end');
  return {
    id: randomUUID().slice(0, 8),
    kinds,
    scope,
    starts_at: starts / 1000,
    ends_at: ends / 1000,
    every_seconds: every,
    planned: options.from !== undefined,
    ...signedBy(options, context),
    ended_at: null,
  };
}

/** Reads the length of a silence, in seconds. Throws `UserError` when it is too long. */
function lengthOf(text: string, flag: string): number {
  const seconds = parseDuration(text, flag);
  if (seconds > LONGEST_SILENCE_SECONDS)
    throw new UserError(`${flag} is ${JSON.stringify(text)}: must be at most 366d`);
  return seconds;
}

function endOf(options: SilenceOptions, starts: number, now: number): number {
  if ((options.for === undefined) === (options.until === undefined))
    throw new UserError(
      'a silence needs its length: give either --for, such as 2h, or --until, an ISO-8601 time',
    );
  if (options.for !== undefined) return starts + lengthOf(options.for, '--for') * 1000;
  return parseWhen(options.until ?? '', '--until', now);
}

function list(silences: readonly Silence[], { json }: SilenceOptions, context: CommandContext): number {
  const now = context.now() / 1000;
  if (json === true) {
    context.out(JSON.stringify(silences.map(toJson), null, 2));
    return EXIT.ok;
  }
  const shown = silences.filter((one) => !isOver(one, now));
  if (shown.length === 0)
    context.err('faultline: there is no present or future silence; faultline silence add makes one');
  const rows = shown.map((one) => [
    { text: one.id },
    { text: silencedUntil(one, now) === null ? 'future' : 'active' },
    { text: describe(one, now) },
    { text: one.by },
    { text: one.note },
  ]);
  const columns = [
    { title: 'id' },
    { title: 'state' },
    { title: 'what and when (UTC)', shrinkTo: 30 },
    { title: 'by' },
    { title: 'note', shrinkTo: 10, optional: true },
  ];
  if (shown.length > 0)
    for (const line of formatTable(columns, rows, context.width, createPainter(context.color)))
      context.out(line);
  return EXIT.ok;
}

function toJson({ starts_at, ends_at, ended_at, ...rest }: Silence): object {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return {
    ...rest,
    starts_at: iso(starts_at),
    ends_at: iso(ends_at),
    ended_at: ended_at === null ? null : iso(ended_at),
  };
}

function describe(one: Silence, now: number): string {
  const { kinds, scope, planned, starts_at, ends_at, every_seconds } = one;
  const what = [kinds.join(', '), ...Object.entries(scope).map(([name, value]) => `${name}=${value}`)].filter(
    Boolean,
  );
  const until = silencedUntil(one, now);
  const from = until === null ? `from ${formatTime(starts_at * 1000)} ` : '';
  const every = every_seconds === 0 ? '' : `, again every ${formatDuration(every_seconds)}`;
  const name = planned ? 'maintenance' : 'silence';
  return `${name} of ${what.length === 0 ? 'everything' : what.join(' ')}, ${from}until ${formatTime(Math.round(until ?? ends_at) * 1000)}${every}`;
}

function findSilence(silences: readonly Silence[], id: string): Silence {
  const matching = silences.filter((one) => one.id.startsWith(id));
  const [only, second] = matching;
  if (only === undefined)
    throw new UserError(`there is no silence ${id}; faultline silence list shows them`, 1);
  if (second !== undefined)
    throw new UserError(`${matching.length} silences begin with ${id}: give more of the id`, 1);
  return only;
}
