import { stat } from 'node:fs/promises';
import path from 'node:path';
import { decideFileStart, fileReplaced, isSameLine } from '../file-start.ts';
import { recordDigest } from '../record-digest.ts';
import { decodeCommit } from '../protocol.ts';
import type { StartRules } from '../start-rules.ts';
import type { Announcements } from './announcements.ts';
import { type OpenFile, openWithTopic, rotatedFiles, whyNoRecord } from './file-identity.ts';
import {
  countRecords,
  deliver,
  EPOCH,
  type FileGeneration,
  handOver,
  NO_END,
  take,
} from './file-generation.ts';
import { jsonEnd } from './json-end.ts';
import type { LastLine } from './line-file.ts';
import type { RecordUnit } from './unpack.ts';
import { ReadingGate } from './reading-gate.ts';
import type { Committed, Sink, Source } from './source.ts';
import { type PartitionId, partitionKey } from '../partition-id.ts';

export interface FileLinesOptions {
  /**
   * True: reading continues while the file grows, as with `tail -F`. False: reading stops at the present end of the
   * file.
   */
  follow: boolean;
  /** What to do with a last line without its line end. In a followed file it always waits. */
  lastLine: LastLine;
  announcements: Announcements;
  /** Reports in one line what happened to the file. */
  say(line: string): void;
}

export interface FileSource extends Source {
  /** Bytes of last lines that were not complete, and so not counted. */
  unfinished(): number;
  /** Why the file was not read to its end, in one line; null while nothing is wrong. */
  damage(): string | null;
  /** The word for one record of the file. */
  unit(): RecordUnit;
}

/**
 * In ms: the time between two checks of a file that may grow, and how long a rotated file is watched for late lines.
 */
const POLL = 250;
const LINGER = 60_000;

/**
 * A file of lines as a source. Rotation, truncation and replacement are detected and reported. Lines that were added
 * before a rotation are read from the rotated file: in the same folder, under its name with a number or a date. Throws
 * Node's errors with the path.
 */
export async function openFileLines(file: string, options: FileLinesOptions): Promise<FileSource> {
  const { follow, announcements, say } = options;
  const lastLine = follow ? 'waits' : options.lastLine;
  const stopping = new ReadingGate();
  const lingering: Promise<void>[] = [];
  let generations: FileGeneration[] = [];
  let closedUnfinished = 0;
  /** There is no file at the path at present. */
  let gone = false;

  const open = (at: string, last: LastLine): Promise<OpenFile | null> =>
    openWithTopic(at, file, last).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && (follow || at !== file)) return null;
      throw error;
    });
  // A missing file is reported before anything else starts.
  const found = await open(file, lastLine);
  await found?.handle.close();
  let damage: string | null = null;
  const unit = found?.unit ?? 'line';

  const find = (id: PartitionId): FileGeneration | undefined =>
    generations.find((one) => partitionKey(one.id) === partitionKey(id));
  const nameOf = (id: PartitionId): string => {
    const at = find(id)?.path ?? file;
    return at === file ? file : `${at} (until it was rotated: ${path.basename(file)})`;
  };
  const starts: StartRules = {
    decide(facts) {
      const generation = find(facts.id);
      const start = decideFileStart(facts, nameOf(facts.id), unit);
      if (generation === undefined) return start;
      generation.known = facts.ledger !== null || facts.commit !== null;
      generation.counted = start.at;
      generation.latest = NO_END;
      // For a rotated file, how far it was counted is not reported: mostly it was counted to its end.
      return generation.path === file || start.at === 0 ? start : { ...start, reason: '' };
    },
    isSame(value, digest) {
      const same = isSameLine(value, digest);
      const rest = value === null ? '' : value.toString('utf8', Math.max(0, jsonEnd(value))).trim();
      if (same && rest !== '' && recordDigest(value) !== digest)
        say(
          `${file}: a line was continued after it had been counted: ${Buffer.byteLength(rest)} bytes of it are not read`,
        );
      return same;
    },
    replaced: (id, verify) => {
      const generation = find(id);
      if (generation !== undefined) generation.counted = 0;
      return fileReplaced(verify, nameOf(id), unit);
    },
  };

  const assign = (sink: Sink): void =>
    sink.assigned(
      EPOCH,
      generations.map(({ id }) => id),
    );
  const leave = async (generation: FileGeneration): Promise<void> => {
    generations = generations.filter((one) => one !== generation);
    closedUnfinished += generation.unfinished;
    await generation.handle.close();
  };

  /** The rotated files with unread lines: the newest one that is known, and all newer ones. */
  async function takeRotated(sink: Sink): Promise<FileGeneration[]> {
    const taken = new Set(generations.map(({ id }) => id.topic));
    const rotated: FileGeneration[] = [];
    // A file that is read once has no past, and writers rotate only plain lines.
    if (lastLine === 'line' || generations.some(({ isPlain }) => !isPlain)) {
      assign(sink);
      return [];
    }
    for (const at of await rotatedFiles(file)) {
      const opened = await open(at, 'json');
      if (opened === null || taken.has(opened.topic)) {
        await opened?.handle.close();
        continue;
      }
      taken.add(opened.topic);
      rotated.push(take(opened, 'json'));
    }
    generations = [...rotated, ...generations];
    assign(sink);
    if (rotated.length === 0) return [];
    while (generations.some(({ known }) => known === null) && !stopping.stopped)
      await stopping.woken(POLL / 10);
    const first = rotated.findLastIndex(({ known }) => known === true);
    const ours = first < 0 ? [] : rotated.slice(first);
    for (const other of rotated) if (!ours.includes(other)) await leave(other);
    assign(sink);
    return ours;
  }

  /** Waits until a followed file exists with its first line; null: there is nothing to read. */
  async function appear(sink: Sink): Promise<FileGeneration | null> {
    for (let waits = false; !stopping.stopped; ) {
      const opened = await open(file, lastLine);
      if (opened !== null) return attach(sink, opened);
      if (!follow) {
        const why = await whyNoRecord(file, lastLine);
        closedUnfinished += why.unfinished;
        if (why.damage !== null) damage = `${file} ${why.damage}`;
        return null;
      }
      if (!waits) say(`${file} has no first line yet: waiting for it`);
      waits = true;
      await stopping.woken(POLL);
    }
    return null;
  }

  async function attach(sink: Sink, opened: OpenFile): Promise<FileGeneration> {
    const same = generations.find(({ id }) => id.topic === opened.topic);
    if (same === undefined) {
      for (const former of generations.filter(({ over }) => over)) await leave(former);
      const generation = take(opened, lastLine);
      generations.push(generation);
      assign(sink);
      return generation;
    }
    // The file was replaced and has the same first line: the topic is the same, from its start.
    await same.handle.close();
    same.handle = opened.handle;
    same.records = opened.records;
    same.file = opened.records(lastLine);
    same.sought = -1;
    same.latest = 0;
    same.counted = 0;
    same.over = false;
    // Wait until the worker has decided the start again.
    same.gate.pause();
    sink.recreated(EPOCH, opened.topic);
    return same;
  }

  /**
   * Handles a file that was truncated or replaced. Lines that were removed before they were read may be in a copy
   * beside it.
   */
  async function changed(sink: Sink, generation: FileGeneration): Promise<void> {
    say(`${file} was truncated or replaced: it is read from its first line`);
    generation.over = true;
    for (const at of (await rotatedFiles(file)).reverse()) {
      const copy = await open(at, 'json');
      if (copy?.topic !== generation.id.topic) {
        await copy?.handle.close();
        continue;
      }
      const next = generation.file.next;
      await generation.handle.close();
      generation.handle = copy.handle;
      generation.records = copy.records;
      generation.file = copy.records('json');
      generation.file.rewind(next);
      generation.counted = 0;
      say(`${at} is a copy of it: reading continues there after line ${next}`);
      await deliver(sink, generation);
      return;
    }
    if (generation.file.unfinished > 0)
      say(`${file}: ${generation.file.unfinished} bytes of an unfinished last line were lost`);
  }

  /** Reads late lines of writers that have not noticed the rotation yet. */
  async function linger(sink: Sink, generation: FileGeneration): Promise<void> {
    const { file: own } = generation;
    const ours = (): boolean => generation.file === own && !stopping.stopped;
    for (let quiet = 0; quiet < LINGER && ours(); quiet += POLL) {
      const before = generation.file.next;
      if ((await deliver(sink, generation)) !== 'end') break;
      if (generation.file.next > before) quiet = 0;
      await stopping.woken(POLL);
    }
    if (!ours()) return;
    const last = generation.file.finish();
    if (last !== null) await handOver(sink, generation, [[last]]);
    generation.unfinished = generation.file.unfinished;
    await leave(generation);
    assign(sink);
  }

  async function isRotated(generation: FileGeneration): Promise<boolean> {
    const now = await stat(file).catch(() => null);
    if (now === null && !gone) say(`${file} is gone: waiting for the next one of this name`);
    gone = now === null;
    const own = await generation.handle.stat();
    return now !== null && (now.ino !== own.ino || now.dev !== own.dev);
  }

  async function read(sink: Sink): Promise<void> {
    const first = await open(file, lastLine);
    if (first !== null) generations.push(take(first, lastLine));
    for (const rotated of await takeRotated(sink)) {
      if ((await deliver(sink, rotated)) === 'stopped') return;
      const rest = rotated.file.next - rotated.counted;
      if (rest > 0) say(`${file} was rotated: ${rest} lines that had not been read were in ${rotated.path}`);
      await leave(rotated);
      assign(sink);
    }
    let current = generations.find((one) => one.path === file) ?? null;
    while (!stopping.stopped) {
      current ??= await appear(sink);
      if (current === null) return;
      const outcome = await deliver(sink, current);
      if (current.file.damage !== null) damage = `${file} ${current.file.damage}`;
      if (outcome === 'stopped' || (outcome === 'end' && !follow)) return;
      if (outcome === 'changed') {
        await changed(sink, current);
        current = null;
      } else if (await isRotated(current)) {
        say(`${file} was rotated: the new file is read from its first line`);
        // Lines that were written between the last check and the rotation.
        if ((await deliver(sink, current)) === 'stopped') return;
        lingering.push(linger(sink, current));
        current = null;
      } else await stopping.woken(POLL);
    }
  }

  return {
    starts,
    async run(sink) {
      try {
        await read(sink);
        await Promise.all(lingering);
      } finally {
        await Promise.all(generations.map(({ handle }) => handle.close()));
      }
    },
    seek: (id, offset) => find(id)?.gate.seek(offset),
    pause: (id) => find(id)?.gate.pause(),
    resume: (id) => find(id)?.gate.resume(),
    async commit(_epoch, { topic }, offset, metadata) {
      if (decodeCommit(offset, metadata)?.to === null) await announcements.clear(topic);
      else await announcements.write(topic, { offset, metadata });
    },
    committed: (ids) => Promise.all(ids.map(pending)),
    logOffsets: async (ids) => ids.map((id) => ({ earliest: 0, latest: find(id)?.latest ?? NO_END })),
    topicId: () => '',
    unfinished: () => closedUnfinished + generations.reduce((sum, one) => sum + one.unfinished, 0),
    damage: () => damage,
    unit: () => unit,
    async stop() {
      stopping.stop();
      for (const { gate } of generations) gate.stop();
    },
  };

  /** The announcement that is pending, unless the file no longer has the announced lines. */
  async function pending(id: PartitionId): Promise<Committed> {
    const none: Committed = { offset: -1, metadata: null };
    const { offset, metadata } = await announcements.read(id.topic);
    const to = decodeCommit(offset, metadata)?.to ?? null;
    const generation = find(id);
    if (to === null || generation === undefined) return none;
    const lines = await countRecords(generation.records(lastLine));
    if (lines >= to) return { offset, metadata };
    // If this process has started the topic before, the stored batches are in the ledger, so there is nothing to
    // report.
    if (generation.known === null)
      say(
        `${nameOf(id)} ends at line ${lines}: lines ${offset + 1} to ${to}, of which some may have been stored by an import that was killed, are gone`,
      );
    await announcements.clear(id.topic);
    return none;
  }
}
