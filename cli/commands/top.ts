import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentsAnswer } from '../../dashboards/console/v1/incidents.ts';
import type { PipelineAnswer } from '../../dashboards/console/v1/pipeline.ts';
import type { TrendsAnswer } from '../../dashboards/console/v1/trends.ts';
import { type AskApi, askConsole, readingToken } from '../ask/ask-api.ts';
import { shareStore } from '../ask/shared-store.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { frame, nextBy, pressed, type TopData, type TopView } from '../format/top.ts';
import { run as start } from '../start/run-start.ts';

export interface TopOptions {
  source?: string;
  url?: string;
  by?: string;
  once?: boolean;
}

const REFRESH_MS = 2_000;

/** Shows the live view until the user ends it; without a terminal it prints one view. */
export async function run(options: TopOptions, context: CommandContext): Promise<number> {
  const { source, url } = options;
  if (source !== undefined && url !== undefined)
    throw new UserError('SOURCE is read here and --url names another console: leave one of them out');
  const isOnce = options.once === true || !context.isTty;
  if (source !== undefined) return withSource({ ...options, source }, context, isOnce);
  if (url !== undefined) return show(consoleAt(url, context), options, context, isOnce);
  const shared = shareStore(context);
  try {
    return await show(shared.ask, options, context, isOnce);
  } finally {
    await shared.close();
  }
}

function consoleAt(url: string, { settings }: CommandContext): AskApi {
  const base = url.replace(/\/+$/, '');
  const ask = askConsole(base, readingToken(settings.console));
  return async (question) => {
    try {
      return await ask(question);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${base} does not answer: is faultline start running there?`, 1, error);
    }
  };
}

/** Reads a source as `start` does, with a page on a free port, and shows it. */
async function withSource(
  options: TopOptions & { source: string },
  context: CommandContext,
  isOnce: boolean,
): Promise<number> {
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const said: string[] = [];
  const page = Promise.withResolvers<string>();
  // The output of `start` would disturb the view, so only its last lines are printed, after the view has ended.
  const quiet = {
    stderr: new PassThrough().resume() as unknown as NodeJS.WriteStream,
    out: () => {},
    err: (line: string) => void said.push(line),
  };
  const console = { ...context.settings.console, host: '127.0.0.1', port: 0 };
  const started = start(
    { source: options.source, onPage: page.resolve },
    { ...context, ...quiet, signal, settings: { ...context.settings, console } },
  );
  started.catch(page.reject);
  try {
    const ask = consoleAt(await page.promise, context);
    if (isOnce) await untilRead(ask, options.source, signal);
    return await show(ask, options, { ...context, signal }, isOnce);
  } finally {
    ending.abort();
    await started.catch(() => undefined);
    for (const line of said.slice(-3)) context.err(line);
  }
}

/** A topic has no end, so with `--once` it is read for this time, ms. */
const TOPIC_MS = 15_000;

/** Waits until the source was read to its end. */
async function untilRead(ask: AskApi, source: string, signal: AbortSignal): Promise<void> {
  if (source === 'kafka') return pause(TOPIC_MS, signal);
  while (!signal.aborted) {
    const own = await askSource(ask);
    if (own === null || own.state === 'finished') return;
    await pause(500, signal);
  }
}

/** Waits until the time is over or a signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function show(
  ask: AskApi,
  options: TopOptions,
  context: CommandContext,
  isOnce: boolean,
): Promise<number> {
  let by = options.by ?? 'class';
  const source = (await askSource(ask))?.name ?? placeOf(options, context);
  let data = await askTop(ask, by, source);
  let view: TopView = { chosen: 0, isOpen: false, scrolled: 0 };
  if (isOnce) {
    const screen = { width: context.width, height: Number.POSITIVE_INFINITY, color: context.color };
    for (const line of frame(data, view, screen).slice(0, -1)) context.out(line);
    return EXIT.ok;
  }
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  let wake = new AbortController();
  let trouble = '';
  const draw = (): void => paintScreen(context, data, view, trouble);
  const onKey = (chunk: Buffer): void => {
    const key = chunk.toString('utf8');
    if (key === 'b') {
      by = nextBy(by);
      wake.abort();
      return;
    }
    const next = pressed(key, view, data.incidents.length);
    if (next === null) ended.abort();
    else view = next;
    draw();
  };
  context.stdin.setRawMode(true);
  context.stdin.on('data', onKey);
  context.stdin.resume();
  // Switches to the alternate screen without a cursor: afterwards the terminal shows its previous content again.
  context.stdout.write('\u001B[?1049h\u001B[?25l');
  try {
    while (!signal.aborted) {
      draw();
      await pause(REFRESH_MS, AbortSignal.any([signal, wake.signal]));
      wake = new AbortController();
      try {
        data = await askTop(ask, by, source);
        trouble = '';
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
      }
    }
  } finally {
    context.stdout.write('\u001B[?25h\u001B[?1049l');
    context.stdin.off('data', onKey);
    context.stdin.setRawMode(false);
    context.stdin.pause();
  }
  return EXIT.ok;
}

/** The name of the console, server or data directory that answers. */
function placeOf({ url }: TopOptions, { settings }: CommandContext): string {
  const { clickhouse } = settings;
  return url ?? (clickhouse.url === '' ? clickhouse.path : clickhouse.url);
}

function paintScreen(context: CommandContext, data: TopData, view: TopView, trouble: string): void {
  const { stdout } = context;
  const screen = {
    width: Math.max(20, stdout.columns),
    height: Math.max(6, stdout.rows),
    color: context.color,
  };
  const lines = frame(data, view, screen);
  const shown = trouble === '' ? lines : [...lines.slice(0, -1), trouble.slice(0, screen.width - 1)];
  stdout.write(`\u001B[H${shown.map((line) => `${line}\u001B[K`).join('\r\n')}\u001B[J`);
}

/** Asks for the data of a view. `source` is the name of what is read. Throws an error with one line for the user. */
async function askTop(ask: AskApi, by: string, source: string): Promise<TopData> {
  const [trends, open] = (await Promise.all([
    ask({ route: '/trends', query: { from: 'now-15m', step: '60', by, errors_only: 'true', limit: '40' } }),
    ask({ route: '/incidents', query: { state: 'open' } }),
  ])) as [TrendsAnswer, IncidentsAnswer];
  return { source, present: Date.parse(trends.to), trends, incidents: open.incidents };
}

/** The source that the answering process reads; null when it reads none. Throws as `askTop` does. */
async function askSource(ask: AskApi): Promise<PipelineAnswer['source']> {
  const { source } = (await ask({ route: '/pipeline' })) as PipelineAnswer;
  return source;
}
