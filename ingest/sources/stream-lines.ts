import { ReadingGate } from './reading-gate.ts';
import type { RawRecord, Sink, Source } from './source.ts';
import { type RecordUnit, UnpackedRecords, unitOf } from './unpack.ts';
import type { PartitionId } from '../partition-id.ts';

/** A stream as a source, and what is known about it so far. */
export interface StreamSource extends Source {
  /** Bytes of a last record that was cut off, and so not counted. */
  unfinished(): number;
  /** Why the stream was not read to its end, in one line; null while nothing is wrong. */
  damage(): string | null;
  /** The word for one record of the stream. */
  unit(): RecordUnit;
}

/**
 * A stream of bytes as a source: a topic of one partition whose offsets are numbers of records. The stream is read
 * once, at the pace of the worker; its last line counts with or without a line end. `run` identifies this reading,
 * because each reading is a topic of its own. `told` is the name of the stream in messages, if it differs from `name`.
 */
export function openStreamLines(
  name: string,
  run: string,
  stream: AsyncIterable<Buffer | string>,
  told = name,
): StreamSource {
  const id: PartitionId = { topic: `${name}#${run}`, partition: 0 };
  const gate = new ReadingGate();
  const pieces = stream[Symbol.asyncIterator]();
  const records = new UnpackedRecords(asBuffers(pieces), told, 0, 'line');
  let stop: () => void = () => {};
  // A race with one promise for the whole reading would keep every piece in memory until the end.
  const take = (): Promise<RawRecord[][] | null | 'stopped'> =>
    new Promise((resolve, reject) => {
      stop = () => resolve('stopped');
      records.read().then(resolve, reject);
    });
  /** Number of the next record to be delivered. */
  let given = 0;
  let askedAgain: number | null = null;

  const opened = async (): Promise<boolean> => {
    const open = await gate.opened();
    if (open && askedAgain !== null)
      throw Object.assign(
        new Error(`${name} cannot be read again from line ${askedAgain + 1}: a stream does not go back`),
        { code: 'read_once' },
      );
    return open;
  };
  const handOver = async (sink: Sink, groups: readonly RawRecord[][]): Promise<void> => {
    for (const records of groups) {
      if (!(await opened())) return;
      const from = given;
      given += records.length;
      sink.chunk(1, { ...id, from, to: given, records, highWatermark: null });
      // Other tasks must run in between, or timers and answers of the store would wait for the whole stream.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return {
    async run(sink) {
      sink.assigned(1, [id]);
      while (await opened()) {
        const groups = await take();
        if (groups === 'stopped') break;
        if (groups === null) {
          await opened();
          return;
        }
        await handOver(sink, groups);
      }
      // A pending read of a pipe is not awaited, because it resolves only when the pipe's writer writes again.
      void pieces.return?.().catch(() => undefined);
    },
    seek(_id, offset) {
      if (offset < given) askedAgain = offset;
      gate.seek(offset);
    },
    pause: () => gate.pause(),
    resume: () => gate.resume(),
    commit: async () => {},
    committed: async () => [{ offset: -1, metadata: null }],
    logOffsets: async () => [{ earliest: 0, latest: Number.MAX_SAFE_INTEGER }],
    topicId: () => '',
    unfinished: () => records.unfinished,
    damage: () => (records.damage === null ? null : `${told} ${records.damage}`),
    unit: () => unitOf(records.shape),
    async stop() {
      gate.stop();
      stop();
    },
  };
}

async function* asBuffers(pieces: AsyncIterator<Buffer | string>): AsyncGenerator<Buffer> {
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) return;
    yield typeof value === 'string' ? Buffer.from(value) : value;
  }
}
