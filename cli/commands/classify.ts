import { once } from 'node:events';
import { classify } from '../../ingest/classify/classify.ts';
import type { CommandContext } from '../context.ts';
import { classifierInput, isRecord } from '../input/classifier-input.ts';

/** The answer to a longer line is an error, and the line is not kept in memory. Characters. */
const MAX_LINE = 16 * 1024 * 1024;
const FLUSH_AT = 64 * 1024;

/**
 * Reads NDJSON and writes one answer per line in the same order: the classification, or `{error}` for a line that is
 * not a JSON object of the right shape. Empty lines are skipped. Keeps one chunk and one unfinished line in memory and
 * waits for `write`. Resolves to the exit code 0.
 */
export async function classifyCommand(
  input: AsyncIterable<Buffer | string> | NodeJS.ReadableStream,
  write: (line: string) => Promise<void> | void,
): Promise<number> {
  for await (const line of linesOf(input as AsyncIterable<Buffer | string>)) {
    if (line !== null && line.trim() === '') continue;
    const written = write(
      line === null ? errorLine(null, `the line is over ${MAX_LINE} characters`) : answerLine(line),
    );
    if (written !== undefined) await written;
  }
  return 0;
}

/** Classifies standard input to standard output, as fast as the reader reads. */
export async function run(_options: object, context: CommandContext): Promise<number> {
  const { stdin, stdout, signal } = context;
  let pending: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const block = pending.join('');
    pending = [];
    size = 0;
    if (block !== '' && !stdout.write(block) && !signal.aborted) await once(stdout, 'drain', { signal });
  };
  signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  try {
    await classifyCommand(stdin, (line) => {
      pending.push(line, '\n');
      size += line.length;
      return size >= FLUSH_AT || stdin.readableLength === 0 ? flush() : undefined;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await flush();
  return 0;
}

/** The lines of a stream without their line ends; null for a line that is too long. */
async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const tail = text.slice(start, end);
      yield length + tail.length > MAX_LINE ? null : parts.length === 0 ? tail : parts.join('') + tail;
      parts = [];
      length = 0;
      start = end + 1;
    }
    length += text.length - start;
    if (length > MAX_LINE) parts = [];
    else if (start < text.length) parts.push(text.slice(start));
  }
  if (length > 0) yield length > MAX_LINE ? null : parts.join('');
}

function answerLine(line: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The message of the parser would repeat the line, which may contain a secret.
    return errorLine(null, 'the line is not JSON');
  }
  if (!isRecord(value)) return errorLine(null, 'expected a JSON object with status, body or error');
  const id = value['id'] ?? null;
  const input = classifierInput(value);
  if (typeof input === 'string') return errorLine(id, input);
  const { class: name, rule, retry, fault, subclass } = classify(input);
  return JSON.stringify({ id, class: name, rule, retry, fault, subclass });
}

function errorLine(id: unknown, message: string): string {
  return JSON.stringify(id === null ? { error: message } : { id, error: message });
}
