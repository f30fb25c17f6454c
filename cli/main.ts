import { pathToFileURL } from 'node:url';
import { realpathSync } from 'node:fs';
import { createContext } from './context.ts';
import { describeError, EXIT, stackOf } from './errors.ts';
import { createProgram, ShownHelp } from './program.ts';
import { tuneHeap } from './tune-heap.ts';

/** Runs one command line (without node and script) and resolves with the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  // Each running statement of the embedded engine occupies a thread of Node's pool. With its default of four threads,
  // reads would delay inserts. Node reads this variable when the pool is first used.
  process.env['UV_THREADPOOL_SIZE'] ??= '16';
  tuneHeap();
  // The handler is set before anything is printed, because the reader of help may close its end early, too.
  stopOnClosedPipe(stop);
  try {
    const invocation = createProgram().parse(argv);
    const { command, config, overrides, options } = invocation;
    const { readSettings } = await import('./settings/read-settings.ts');
    // Settings are read before signals are handled: a pipe without a writer blocks the process, and only an unhandled
    // signal can end it then.
    const { settings, origins } = readSettings({ config, env: process.env, overrides });
    stopOnSignals(stop, command.graceful === true);
    const { stdout, stderr, stdin } = process;
    const { signal } = stop;
    const context = createContext({ settings, origins, signal, env: process.env, stdout, stderr, stdin });
    const { run } = await command.load();
    // The table of commands lists each module with its flags, but only the module knows the type of its options.
    return await run({ ...options, ...command.fixed, overrides, config } as never, context);
  } catch (error) {
    if (error instanceof ShownHelp) return error.exitCode;
    if (stop.signal.aborted && isAbort(error)) return EXIT.ok;
    return reportError(error);
  }
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'EPIPE'))
  );
}

function reportError(error: unknown): number {
  const { line, exitCode, expected } = describeError(error);
  process.stderr.write(`faultline: ${line}\n`);
  if (!expected && process.env['FAULTLINE_LOG_LEVEL'] === 'debug')
    process.stderr.write(`${stackOf(error)}\n`);
  return exitCode;
}

/** The first signal asks the command to end, the second one ends the process. */
function stopOnSignals(stop: AbortController, graceful: boolean): void {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (!graceful || stop.signal.aborted) process.exit(exitCode);
      stop.abort();
    });
  }
}

/** `faultline trends | head -1`: the reader has closed its end, so there is nothing to report. */
function stopOnClosedPipe(stop: AbortController): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      process.exitCode = reportError(error);
    }
    stop.abort();
    // A writer that waits for `drain` would wait for ever.
    setTimeout(() => process.exit(), 500).unref();
  });
  process.stderr.on('error', () => undefined);
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}

const isEntry =
  process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href;
if (isEntry) {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => process.exit(reportError(error)));
  }
  const exitCode = await main(process.argv.slice(2));
  await flushed(process.stdout);
  await flushed(process.stderr);
  // An answer that could not be written sets an exit code of its own; Node reports it after the write has returned.
  await new Promise((resolve) => setImmediate(resolve));
  process.exit(exitCode === EXIT.ok ? process.exitCode : exitCode);
}
