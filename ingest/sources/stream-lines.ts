import { LineSplitter } from './line-splitter.ts';
import { ReadingGate } from './reading-gate.ts';
import type { RawRecord, Sink, Source } from './source.ts';
import type { PartitionId } from '../partition-id.ts';

/**
 * A stream of bytes as lines: a topic of one partition whose offsets are line numbers. It is read once, at the pace of the
 * worker; its last line counts with or without a line end. `run` names this reading: another one is another topic.
 */
export function openStreamLines(name: string, run: string, stream: AsyncIterable<Buffer | string>): Source {
  const id: PartitionId = { topic: `${name}#${run}`, partition: 0 };
  const gate = new ReadingGate();
  const splitter = new LineSplitter(0);
  const pieces = stream[Symbol.asyncIterator]();
  let stop: () => void = () => {};
  // Not a race with one promise for the whole reading: that would hold on to every piece until the end.
  const take = (): Promise<IteratorResult<Buffer | string> | null> =>
    new Promise((resolve, reject) => {
      stop = () => resolve(null);
      pieces.next().then(resolve, reject);
    });
  /** Number of the line that is handed over next. */
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
      // The event loop must turn, or timers and answers of the store would wait for the whole stream.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return {
    async run(sink) {
      sink.assigned(1, [id]);
      while (await opened()) {
        const piece = await take();
        if (piece === null) break;
        if (piece.done === true) {
          const last = splitter.endLine();
          await handOver(sink, last === null ? [] : [[last]]);
          await opened();
          return;
        }
        const { value } = piece;
        await handOver(sink, splitter.push(typeof value === 'string' ? Buffer.from(value) : value));
      }
      // What waits for a writer would answer only when that one writes again.
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
    async stop() {
      gate.stop();
      stop();
    },
  };
}
