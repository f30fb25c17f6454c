import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { Settings } from '../domain/settings.ts';

/** What every command is given: the only way to the terminal, the clock, the environment and the settings. */
export interface CommandContext {
  readonly settings: Settings;
  /** Where each value came from that is not a default, by dotted key: file and line, variable, or flag. */
  readonly origins: ReadonlyMap<string, string>;
  /** Writes one line of machine-readable or asked-for output to stdout. */
  readonly out: (line: string) => void;
  /** Writes one line of progress or advice to stderr. */
  readonly err: (line: string) => void;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** True when stdout is a terminal. */
  readonly isTty: boolean;
  /** True when stdout may carry colours: a terminal, and neither NO_COLOR nor TERM=dumb is set. */
  readonly color: boolean;
  /** Columns of the terminal; 160 where there is none. */
  readonly width: number;
  /** The time in epoch milliseconds. */
  readonly now: () => number;
  /** Aborted on Ctrl-C, SIGTERM and when the reader of stdout went away. */
  readonly signal: AbortSignal;
  /** JSON lines on stderr at `log.level`; made at the first use. */
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a command file exports: the number is the exit code (0 fine, 1 found something, 2 wrong use). */
export interface CommandModule<Options> {
  readonly run: (options: Options, context: CommandContext) => Promise<number>;
}

export interface ContextParts {
  settings: Settings;
  origins: ReadonlyMap<string, string>;
  signal: AbortSignal;
  env: Readonly<Record<string, string | undefined>>;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  stdin: NodeJS.ReadStream;
}

/** Builds the context of one run from the process's own streams and environment. */
export function createContext(parts: ContextParts): CommandContext {
  const { settings, origins, signal, env, stdout, stderr, stdin } = parts;
  const isTty = 'isTTY' in stdout && stdout.isTTY;
  let logger: Logger | undefined;
  return {
    settings,
    origins,
    out: (line) => writeLine(stdout, line),
    err: (line) => writeLine(stderr, line),
    stdout,
    stderr,
    stdin,
    isTty,
    color: usesColor(isTty, env),
    // A terminal that does not know its width says 0.
    width: stdout.columns > 0 ? stdout.columns : 160,
    now: () => Date.now(),
    signal,
    get logger() {
      logger ??= openLogger(settings.log.level);
      return logger;
    },
    env,
  };
}

/** True when a stream may carry colours; NO_COLOR counts when it is set and not empty, as no-color.org says. */
export function usesColor(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

function writeLine(stream: NodeJS.WriteStream, line: string): void {
  if (!stream.destroyed) stream.write(`${line}\n`);
}

// pino takes 40 ms to load; most commands never log.
function openLogger(level: Settings['log']['level']): Logger {
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino');
  return pino.pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}
