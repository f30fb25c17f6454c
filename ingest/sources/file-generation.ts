import type { FileHandle } from 'node:fs/promises';
import type { OpenFile } from './file-identity.ts';
import type { LastLine, RecordFile } from './line-file.ts';
import { ReadingGate } from './reading-gate.ts';
import type { RawRecord, Sink } from './source.ts';
import type { PartitionId } from '../partition-id.ts';

/** A file has a single assignment; only the list of its partitions changes. */
export const EPOCH = 1;
/** More lines than any file has. */
export const NO_END = Number.MAX_SAFE_INTEGER;

/** A file between two rotations: a topic of one partition whose offsets are line numbers. */
export interface FileGeneration {
  id: PartitionId;
  path: string;
  handle: FileHandle;
  file: RecordFile;
  /** Opens another reader of the same file. */
  records: OpenFile['records'];
  isPlain: boolean;
  /** When the file was last changed, epoch ms; -1: the file grows, so this is not the time of its lines. */
  written: number;
  gate: ReadingGate;
  /** The value of `gate.seeks` that `file` has followed. */
  sought: number;
  /** Number of lines that are stored according to the ledger. */
  counted: number;
  /** Number of lines in the file, once it is known to have fewer than were counted. */
  latest: number;
  /** Whether a part of the file was counted or announced; null until its start is decided. */
  known: boolean | null;
  unfinished: number;
  /** The file was truncated: nothing more will come. */
  over: boolean;
}

/**
 * How delivering ended. `end`: there are no more lines at present. `changed`: the file was truncated or replaced.
 * `stopped`: reading was stopped, or another file is read instead.
 */
export type DeliveryEnd = 'end' | 'changed' | 'stopped';

/** Makes a generation from an opened file of which nothing was read yet. */
export const take = (opened: OpenFile, last: LastLine): FileGeneration => ({
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

/** Delivers lines until there are no more at present. */
export async function deliver(sink: Sink, generation: FileGeneration): Promise<DeliveryEnd> {
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
    // The worker may be deciding the start again.
    if (gate.paused) continue;
    generation.unfinished = own.unfinished;
    // If the file cannot be read to its end, the counted lines may still exist.
    if (own.lines >= generation.counted || own.damage !== null) return 'end';
    generation.latest = own.lines;
    sink.recreated(EPOCH, generation.id.topic);
  }
}

/** Delivers groups of lines, until the worker asks for other lines. */
export async function handOver(
  sink: Sink,
  generation: FileGeneration,
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
    // Other tasks must run in between, or timers and answers of the store would wait for the whole file.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Number of records that the file has at present. */
export async function countRecords(file: RecordFile): Promise<number> {
  file.rewind(NO_END);
  for (let read = await file.read(); Array.isArray(read); ) read = await file.read();
  return file.lines;
}
