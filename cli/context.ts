import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { Settings } from '../domain/settings.ts';

/**
 * Everything that a command gets from outside: the only way to the terminal, the clock, the environment and the
 * settings.
 */
export interface CommandContext {
  readonly settings: Settings;
  /** By dotted key: the origin of each value that is not a default (file and line, variable, or flag). */
  readonly origins: ReadonlyMap<string, string>;
  /** Writes one line of output to stdout: the requested or machine-readable result. */
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
  /** Width of the terminal in columns; 160 without a terminal. */
  readonly width: number;
  /** The time in epoch milliseconds. */
  readonly now: () => number;
  /** Aborted on Ctrl-C, on SIGTERM, and when the reader of stdout has closed it. */
  readonly signal: AbortSignal;
  /** Writes JSON lines to stderr at `log.level`; made when first used. */
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The export of a command file: the number is the exit code (0 fine, 1 found something, 2 wrong use). */
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

/** Makes the context of one run from the process's own streams and environment. */
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
    // A terminal that does not know its width reports 0.
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

/** True when a stream may have colours. NO_COLOR counts when it is set and not empty, as no-color.org defines. */
export function usesColor(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

function writeLine(stream: NodeJS.WriteStream, line: string): void {
  if (!stream.destroyed) stream.write(`${line}\n`);
}

// pino takes 40 ms to load, and most commands never log.
function openLogger(level: Settings['log']['level']): Logger {
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino');
  return pino.pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}
