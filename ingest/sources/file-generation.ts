import type { FileHandle } from 'node:fs/promises';
import type { OpenFile } from './file-identity.ts';
import type { LastLine, RecordFile } from './line-file.ts';
import { ReadingGate } from './reading-gate.ts';
import type { RawRecord, Sink } from './source.ts';
import type { PartitionId } from '../partition-id.ts';

/** The epoch of the one assignment that a file has; it only changes its partitions. */
export const EPOCH = 1;
/** More lines than any file has. */
export const NO_END = Number.MAX_SAFE_INTEGER;

/** The file from one rotation to the next: a topic of one partition whose offsets are line numbers. */
export interface Generation {
  id: PartitionId;
  path: string;
  handle: FileHandle;
  file: RecordFile;
  /** Another reader of the same file. */
  records: OpenFile['records'];
  isPlain: boolean;
  /** When the file was changed last, epoch ms; -1: it grows, so that this tells nothing of its lines. */
  written: number;
  gate: ReadingGate;
  /** The `seeks` of the gate that `file` is at. */
  sought: number;
  /** Lines that the ledger says it has. */
  counted: number;
  /** Lines it has, once they are known to be fewer than were counted. */
  latest: number;
  /** Whether some of it was counted or announced; null until its start is decided. */
  known: boolean | null;
  unfinished: number;
  /** Cut away: nothing more comes. */
  over: boolean;
}

/** How handing over came to its end: no more lines now; the file is another one; it was stopped, or is read from another file. */
export type Outcome = 'end' | 'changed' | 'stopped';

/** A generation of which nothing has been read. */
export const take = (opened: OpenFile, last: LastLine): Generation => ({
  id: { topic: opened.topic, partition: 0 },
  path: opened.path,
  handle: opened.handle,
  file: opened.records(last),
  records: opened.records,
  isPlain: opened.isPlain,
  written: last === 'waits' ? -1 : opened.changed,
  gate: new ReadingGate(),
  sought: -1,
  counted: 0,
  latest: NO_END,
  known: null,
  unfinished: 0,
  over: false,
});

/** Hands lines over until there are no more now. */
export async function deliver(sink: Sink, generation: Generation): Promise<Outcome> {
  const { gate, file: own } = generation;
  for (;;) {
    if (!(await gate.opened()) || generation.file !== own) return 'stopped';
    if (gate.seeks !== generation.sought) {
      generation.sought = gate.seeks;
      own.rewind(gate.at);
    }
    const read = await own.read();
    if (generation.file !== own) return 'stopped';
    if (gate.seeks !== generation.sought) continue;
    if (read === 'changed') return 'changed';
    if (read !== 'end') {
      await handOver(sink, generation, read);
      continue;
    }
    // The worker may be deciding anew where to begin.
    if (gate.paused) continue;
    generation.unfinished = own.unfinished;
    // Of a file that cannot be read to its end, what was counted may well be there.
    if (own.lines >= generation.counted || own.damage !== null) return 'end';
    generation.latest = own.lines;
    sink.recreated(EPOCH, generation.id.topic);
  }
}

/** Hands lines over, as long as the worker does not ask for others. */
export async function handOver(
  sink: Sink,
  generation: Generation,
  groups: readonly (readonly RawRecord[])[],
): Promise<void> {
  const { gate, file: own } = generation;
  for (const records of groups) {
    if (!(await gate.opened()) || gate.seeks !== generation.sought || generation.file !== own) return;
    const from = records[0]?.offset ?? 0;
    const to = from + records.length;
    sink.chunk(EPOCH, {
      ...generation.id,
      from,
      to,
      records,
      written: generation.written,
      highWatermark: null,
    });
    // The event loop must turn, or timers and answers of the store would wait for the whole file.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Records that the file has now. */
export async function countRecords(file: RecordFile): Promise<number> {
  file.rewind(NO_END);
  for (let read = await file.read(); Array.isArray(read); ) read = await file.read();
  return file.lines;
}
