import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Chunk, type PartitionId, RawRecord, type Source } from './source.ts';

/** Lines as a source: a topic of one partition whose offsets are line numbers. There is no group: the ledger alone says what is in. */
export interface LineSource extends Source {
  readonly topic: string;
}

/** A line longer than this is cut, so that one endless line cannot fill the memory; it becomes a dead letter. */
const LONGEST_LINE = 4 * 1024 * 1024;
/** Lines that are handed over at a time. */
const CHUNK_LINES = 2_000;

/**
 * A file of lines. Its topic is made of its path and first line, so that the same file, even after it has grown,
 * goes on where it ended, and another file of the same name begins anew. Throws Node's error with the path.
 */
export async function openFileLines(file: string): Promise<LineSource> {
  const absolute = path.resolve(file);
  const facts = await stat(absolute);
  if (facts.isDirectory())
    throw Object.assign(new Error(`${file} is a directory`), { code: 'EISDIR', path: file });
  const handle = await open(absolute);
  const head = Buffer.alloc(Math.min(64 * 1024, facts.size));
  await handle.read(head, 0, head.length, 0);
  await handle.close();
  const end = head.indexOf(10);
  const identity = createHash('sha256')
    .update(absolute)
    .update('\0')
    .update(end < 0 ? head : head.subarray(0, end));
  const topic = `file:${path.basename(file)}#${identity.digest('hex').slice(0, 8)}`;
  return lineSource(topic, () => createReadStream(absolute, { highWaterMark: 1024 * 1024 }));
}

/** A stream of bytes, read once. `run` names this reading, so that another one is another topic. */
export function openStreamLines(
  name: string,
  run: string,
  stream: AsyncIterable<Buffer | string>,
): LineSource {
  return lineSource(`${name}#${run}`, () => stream);
}

function lineSource(topic: string, openStream: () => AsyncIterable<Buffer | string>): LineSource {
  const id: PartitionId = { topic, partition: 0 };
  let paused = true;
  let stopped = false;
  let wake: () => void = () => {};
  let start = 0;
  const mayRead = async (): Promise<boolean> => {
    while (paused && !stopped) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return !stopped;
  };
  return {
    topic,
    async run(sink) {
      sink.assigned(1, [id]);
      if (!(await mayRead())) return;
      for await (const lines of splitLines(openStream())) {
        const to = (lines.at(-1)?.offset ?? -1) + 1;
        if (to <= start) continue;
        if (!(await mayRead())) return;
        const records = lines.filter((line) => line.offset >= start);
        const chunk: Chunk = { ...id, from: records[0]?.offset ?? to, to, records, highWatermark: null };
        sink.chunk(1, chunk);
        // The event loop must turn, or timers and answers of the store would wait for the whole file.
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
    },
    seek(_id, offset) {
      start = offset;
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      wake();
    },
    commit: async () => {},
    committed: async () => [{ offset: -1, metadata: null }],
    logOffsets: async () => [{ earliest: 0, latest: Number.MAX_SAFE_INTEGER }],
    topicId: () => '',
    async stop() {
      stopped = true;
      wake();
    },
  };
}

/** Groups of lines without their line ends, numbered from 0; empty lines are tombstones, which makes them count as skipped. */
async function* splitLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<RawRecord[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  let lines: RawRecord[] = [];
  for await (const piece of stream) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      if (rest.length === 0) lines.push(toLine(number++, bytes, from, end));
      else {
        const whole = Buffer.concat([...rest, bytes.subarray(from, end)]);
        lines.push(toLine(number++, whole, 0, whole.length));
        rest = [];
        restBytes = 0;
      }
      from = end + 1;
      if (lines.length >= CHUNK_LINES) {
        yield lines;
        lines = [];
      }
    }
    if (from < bytes.length && restBytes < LONGEST_LINE) {
      rest.push(bytes.subarray(from));
      restBytes += bytes.length - from;
    }
    if (lines.length > 0) {
      yield lines;
      lines = [];
    }
  }
  const last = Buffer.concat(rest);
  if (rest.length > 0) yield [toLine(number, last, 0, last.length)];
}

function toLine(number: number, bytes: Buffer, from: number, to: number): RawRecord {
  const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
  return end === from ? new RawRecord(number, null) : new RawRecord(number, bytes, from, end);
}
