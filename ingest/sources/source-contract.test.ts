import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeSource, type Subject } from '../../tests/fixtures/source-contract.ts';
import { announceInMemory } from './announcements.ts';
import { openFileLines } from './file-lines.ts';
import { openStreamLines } from './stream-lines.ts';

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const openFile =
  (follow: boolean) =>
  async (lines: readonly string[]): Promise<Subject> => {
    const folder = await mkdtemp(path.join(tmpdir(), 'faultline-source-'));
    const file = path.join(folder, 'app.ndjson');
    await writeFile(file, textOf(lines));
    const options = {
      follow,
      lastLine: 'json' as const,
      announcements: announceInMemory(),
      say: () => undefined,
    };
    return {
      source: await openFileLines(file, options),
      append: (more) => appendFile(file, textOf(more)),
      close: () => rm(folder, { recursive: true, force: true }),
    };
  };

/** A stream whose writer never ends, like a terminal or `tail -f`. */
async function openEndless(lines: readonly string[]): Promise<Subject> {
  const waiting: Buffer[] = [Buffer.from(textOf(lines))];
  let wake: () => void = () => undefined;
  async function* pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = waiting.shift();
      if (piece !== undefined) yield piece;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    source: openStreamLines('stdin', '1', pieces()),
    append: async (more) => {
      waiting.push(Buffer.from(textOf(more)));
      wake();
    },
    close: async () => undefined,
  };
}

async function* inPieces(text: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 1_000) yield text.subarray(at, at + 1_000);
}

const cannotGoBack = /^stdin cannot be read again from line 4322: a stream does not go back$/;
describeSource('a file', { refusesToGoBack: null, ends: true }, openFile(false));
describeSource('a file that is followed', { refusesToGoBack: null, ends: false }, openFile(true));
describeSource('a stream', { refusesToGoBack: cannotGoBack, ends: true }, async (lines) => ({
  source: openStreamLines('stdin', '1', inPieces(Buffer.from(textOf(lines)))),
  append: null,
  close: async () => undefined,
}));
describeSource('a stream without an end', { refusesToGoBack: cannotGoBack, ends: false }, openEndless);
