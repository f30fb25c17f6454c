import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Settings } from '../../domain/settings.ts';
import { type Announcements, announceInFolder } from '../../ingest/sources/announcements.ts';
import { openFileLines } from '../../ingest/sources/file-lines.ts';
import type { LastLine } from '../../ingest/sources/line-file.ts';
import type { Source } from '../../ingest/sources/source.ts';
import { openStreamLines, type StreamSource } from '../../ingest/sources/stream-lines.ts';
import type { RecordUnit } from '../../ingest/sources/unpack.ts';
import { relayStdin } from './relay-stdin.ts';

/** The records of a file, a pipe, or standard input. */
export interface OpenLines {
  source: Source;
  /** The name in messages. */
  name: string;
  /** True for a file, which can be read again; its batches depend only on its content. */
  isFile: boolean;
  /** Bytes of an incomplete last line, which was not counted. */
  unfinished(): number;
  /** Why the input was not read to its end, in one line; null when nothing is wrong. */
  damage(): string | null;
  /** The unit of its records. It is known only after the first records were read. */
  unit(): RecordUnit;
}

/**
 * Opens `-`, a named pipe, or a file. Call it before the store is opened, because the store closes standard input.
 * `run` identifies this reading of a stream. Throws errors of one line that name the input.
 */
export async function openLines(
  file: string,
  options: {
    run: string;
    follow: boolean;
    lastLine: LastLine;
    announcements: Announcements;
    say(line: string): void;
  },
): Promise<OpenLines> {
  const ofStream = (name: string, source: StreamSource): OpenLines => ({
    source,
    name,
    isFile: false,
    unfinished: () => source.unfinished(),
    damage: () => source.damage(),
    unit: () => source.unit(),
  });
  if (file === '-' || file === '/dev/stdin') {
    const name = 'standard input';
    return ofStream(name, openStreamLines('stdin', options.run, relayStdin(), name));
  }
  if (await isPipe(file))
    return ofStream(
      file,
      openStreamLines(`pipe:${path.basename(file)}`, options.run, relayStdin(file), file),
    );
  const source = await openFileLines(file, options);
  return {
    source,
    name: file,
    isFile: true,
    unfinished: () => source.unfinished(),
    damage: () => source.damage(),
    unit: () => source.unit(),
  };
}

/**
 * Announcements of files are kept in the data directory even if the store is a server, because the file is read on this
 * machine.
 */
export function fileAnnouncements(settings: Settings): Announcements {
  return announceInFolder(path.join(settings.clickhouse.path, 'imports'));
}

async function isPipe(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => null);
  return facts !== null && !facts.isFile() && !facts.isDirectory();
}
