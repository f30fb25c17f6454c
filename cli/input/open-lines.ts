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

/** Records of a file, of a pipe, or of standard input. */
export interface OpenLines {
  source: Source;
  /** For people. */
  name: string;
  /** True where it can be read again, so that batches are cut by what it holds. */
  isFile: boolean;
  /** Bytes of a last line that was not finished, and so not counted. */
  unfinished(): number;
  /** Why it was not read to its end, in one line; null while nothing is wrong. */
  damage(): string | null;
  /** What its records are, once it has been read. */
  unit(): RecordUnit;
}

/**
 * Opens `-`, a pipe with a name, or a file; to be called before the store is opened, which takes standard input away
 * from everybody. `run` names this reading of a stream. Throws errors of one line that name it.
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

/** Announcements of files beside the embedded store, also for a store elsewhere: the file is read on this machine. */
export function fileAnnouncements(settings: Settings): Announcements {
  return announceInFolder(path.join(settings.clickhouse.path, 'imports'));
}

async function isPipe(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => null);
  return facts !== null && !facts.isFile() && !facts.isDirectory();
}
