import { randomUUID } from 'node:crypto';
import { createChannels } from '../../analyzers/notify/channels.ts';
import { type Sampled, sendSample } from '../../analyzers/notify/sample.ts';
import type { Delivery } from '../../store/queries/notifications.ts';
import { readDeliveries } from '../../store/queries/notifications.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { EXIT, UserError } from '../errors.ts';
import { createPainter, type Paint } from '../format/color.ts';
import { formatTime } from '../format/numbers.ts';
import { type TableCell, formatTable } from '../format/table.ts';
import { SEND_TIMEOUT_MS } from '../needs/notifications.ts';
import { openReader } from '../needs/open-reader.ts';
import { readSecret } from '../needs/secrets.ts';
import { parseWhen } from '../options/when.ts';

export interface NotifyOptions {
  action: 'test' | 'log';
  receiver?: string;
  since?: string;
  limit?: number;
  json?: boolean;
}

/** Sends a sample to receivers and shows their answers, or shows what was sent. */
export async function run(options: NotifyOptions, context: CommandContext): Promise<number> {
  return options.action === 'test' ? test(options, context) : log(options, context);
}

interface Tested extends Sampled {
  receiver: string;
  type: string;
  where: string;
  ms: number;
}

/** Sends a sample and prints the answers; exit code 1 when a receiver did not accept it. */
async function test(options: NotifyOptions, context: CommandContext): Promise<number> {
  const { notify } = context.settings;
  const names = chosen(options.receiver, Object.keys(notify.receivers));
  const channels = createChannels(notify, {
    secret: (reference) => readSecret(reference, context),
    timeoutMs: SEND_TIMEOUT_MS,
  });
  const now = (): number => context.now() / 1000;
  const running = names.map(async (receiver): Promise<Tested> => {
    const channel = channels.get(receiver);
    if (channel === undefined) throw new UserError(`there is no receiver ${receiver}`);
    const began = performance.now();
    const where = await channel.where().catch(() => 'an address that is not known');
    const sampled = await sendSample(receiver, channel, `test-${randomUUID().slice(0, 8)}`, now, notify);
    return { receiver, type: channel.type, where, ms: Math.round(performance.now() - began), ...sampled };
  });
  const tested = await Promise.all(running);
  const paint = createPainter(context.color);
  if (options.json === true) context.out(JSON.stringify(tested, null, 2));
  else
    for (const one of tested) {
      const isOk = isTaken(one);
      context.out(
        `${paint(isOk ? 'ok  ' : 'fail', isOk ? 'green' : 'red')}  ${one.receiver} (${one.type} at ${one.where}, ${one.ms} ms): ${answersOf(one)}`,
      );
    }
  return tested.every(isTaken) ? EXIT.ok : EXIT.found;
}

function chosen(receiver: string | undefined, known: readonly string[]): readonly string[] {
  if (known.length === 0)
    throw new UserError('notify.receivers has no receiver: docs/notifications.md shows how to add one');
  if (receiver === undefined) return known;
  if (known.includes(receiver)) return [receiver];
  throw new UserError(`there is no receiver ${JSON.stringify(receiver)}${suggestion(receiver, known)}`);
}

function isTaken({ firing, resolved }: Sampled): boolean {
  return firing.ok && resolved?.ok === true;
}

function answersOf({ firing, resolved }: Sampled): string {
  return `firing: ${firing.text}; resolved: ${resolved === null ? 'not sent' : resolved.text}`;
}

const LIMIT = 50;
const statePaints: Readonly<Record<Delivery['state'], readonly Paint[]>> = {
  decided: ['yellow'],
  sent: ['green'],
  failed: ['red'],
  given_up: ['red', 'bold'],
  not_sent: ['dim'],
};

/** Prints the messages, newest first: what was sent, to whom, and the answer. */
async function log(options: NotifyOptions, context: CommandContext): Promise<number> {
  const since = parseWhen(options.since ?? '7d', '--since', context.now()) / 1000;
  const store = await openReader(context);
  try {
    const all = await readDeliveries(store, { since });
    const fitting = all.filter((one) => options.receiver === undefined || one.receiver === options.receiver);
    const shown = fitting.slice(0, options.limit ?? LIMIT);
    if (options.json === true) context.out(JSON.stringify(shown.map(toJson), null, 2));
    else if (shown.length > 0) for (const line of asTable(shown, context)) context.out(line);
    if (shown.length === 0)
      context.err('faultline: nothing was sent in this time; faultline notify test sends a sample');
    if (shown.length < fitting.length)
      context.err(`faultline: ${fitting.length - shown.length} more; --limit shows them`);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

function toJson({ incidents, decided_at, tried_at, next_at, ...rest }: Delivery): object {
  const iso = (seconds: number | null): string | null =>
    seconds === null ? null : new Date(seconds * 1000).toISOString();
  return {
    ...rest,
    incidents: incidents.map(({ id }) => id),
    decided_at: iso(decided_at),
    tried_at: iso(tried_at),
    next_at: iso(next_at),
  };
}

function asTable(deliveries: readonly Delivery[], { width, color }: CommandContext): readonly string[] {
  const rows = deliveries.map((one): TableCell[] => [
    { text: formatTime(Math.round(one.decided_at) * 1000) },
    { text: one.receiver },
    { text: one.event },
    { text: one.state, paints: statePaints[one.state] },
    { text: String(one.attempts) },
    { text: one.incidents.map(({ id, kind }) => `${kind} ${id.slice(0, 8)}`).join(', ') },
    { text: one.answer },
  ]);
  const columns = [
    { title: 'decided (UTC)' },
    { title: 'receiver' },
    { title: 'event' },
    { title: 'state' },
    { title: 'tries', align: 'right' as const },
    { title: 'incidents', shrinkTo: 20 },
    { title: 'answer', shrinkTo: 12, optional: true },
  ];
  return formatTable(columns, rows, width, createPainter(color));
}
