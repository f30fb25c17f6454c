import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface Program {
  pid: number;
  /** Resolves with the last line of the program's output as JSON; rejects with its error output when it fails. */
  answer<Answer>(): Promise<Answer>;
  kill(): void;
}

/**
 * Starts a program of this folder in its own process; `plan` is its only argument, as JSON. `flags` are flags of Node.
 */
export function runProgram(file: string, plan: unknown, flags: readonly string[] = []): Program {
  const child = spawn(
    process.execPath,
    [...flags, path.join(import.meta.dirname, file), JSON.stringify(plan)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err = (err + text).slice(-4_000);
  });
  const closed = once(child, 'close');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started`);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    pid,
    kill,
    async answer<Answer>() {
      const [code] = await closed;
      process.off('exit', kill);
      if (code !== 0) throw new Error(`${file} ended with ${String(code)}: ${err || out}`);
      return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Answer;
    },
  };
}
