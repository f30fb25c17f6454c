import { PassThrough } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { type Api, apiAt, apiOfSettings, askTop, pause } from '../top/ask.ts';
import { frame, nextBy, pressed, type TopData, type TopView } from '../top/frame.ts';
import { run as start } from '../start/run-start.ts';

export interface TopOptions {
  source?: string;
  url?: string;
  by?: string;
  once?: boolean;
}

const REFRESH_MS = 2_000;

/** Shows the live view until the reader ends it; one view where there is no terminal. */
export async function run(options: TopOptions, context: CommandContext): Promise<number> {
  if (options.source !== undefined && options.url !== undefined)
    throw new UserError('SOURCE is read here and --url names another console: leave one of them out');
  const isOnce = options.once === true || !context.isTty;
  if (options.source !== undefined) return withSource(options, context, isOnce);
  const api =
    options.url === undefined
      ? await apiOfSettings(context)
      : apiAt(options.url, context.settings.console.token);
  try {
    return await show(api, options, context, isOnce);
  } finally {
    await api.close();
  }
}

/** Reads a source as `start` does, with a page on a free port, and shows that. */
async function withSource(options: TopOptions, context: CommandContext, isOnce: boolean): Promise<number> {
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const said: string[] = [];
  const silent = new PassThrough().resume() as unknown as NodeJS.WriteStream;
  const page = Promise.withResolvers<string>();
  const started = start(
    {
      ...(options.source === undefined ? {} : { source: options.source }),
      // One view is of all that the source has.
      exit: false,
      onPage: page.resolve,
    },
    {
      ...context,
      get logger() {
        return context.logger;
      },
      settings: { ...context.settings, console: { ...context.settings.console, host: '127.0.0.1', port: 0 } },
      signal,
      stderr: silent,
      out: () => {},
      err: (line) => said.push(line),
    },
  );
  started.catch(page.reject);
  try {
    const api = apiAt(await page.promise, context.settings.console.token);
    if (isOnce) await untilRead(api, signal);
    return await show(
      api,
      options,
      {
        ...context,
        signal,
        get logger() {
          return context.logger;
        },
      },
      isOnce,
    );
  } finally {
    ending.abort();
    await started.catch(() => undefined);
    for (const line of said.slice(-3)) context.err(line);
  }
}

/** Waits until a source that has an end has been read, or has been for a quarter of a minute where it has none. */
async function untilRead(api: Api, signal: AbortSignal): Promise<void> {
  const patience = 15_000;
  let waited = 0;
  while (!signal.aborted) {
    const { live } = (await api.get('/api/status')) as {
      live: { state: string; progress: number | null } | null;
    };
    if (live === null || live.state === 'finished') return;
    if (live.progress === null && waited >= patience) return;
    await pause(500, signal);
    waited += 500;
  }
}

async function show(
  api: Api,
  options: TopOptions,
  context: CommandContext,
  isOnce: boolean,
): Promise<number> {
  let by = options.by ?? 'class';
  let data = await askTop(api, by);
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
  // The other screen, without a cursor: what stood on the terminal is there again afterwards.
  context.stdout.write('\u001B[?1049h\u001B[?25l');
  try {
    while (!signal.aborted) {
      draw();
      await pause(REFRESH_MS, AbortSignal.any([signal, wake.signal]));
      wake = new AbortController();
      try {
        data = await askTop(api, by);
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
