import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSample } from './read-sample.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-sample-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = Array.from({ length: 2_000 }, (_, i) => `{"n":${i}}`);
const text = `${lines.join('\n')}\n`;
const limits = { records: 5_000, bytes: 1e6 };
const none = Readable.from([]);

it.each([
  ['lines', text],
  ['gzip', gzipSync(text)],
])('the records of %s are the same from a file and from a named pipe', async (name, bytes) => {
  const file = path.join(folder, `${name}.file`);
  await writeFile(file, bytes);
  const pipe = path.join(folder, `${name}.pipe`);
  execFileSync('mkfifo', [pipe]);
  const [, piped] = await Promise.all([writeFile(pipe, bytes), readSample(pipe, none, limits)]);
  const filed = await readSample(file, none, limits);
  expect(piped).toEqual({ ...filed, name: pipe });
  expect(piped.records.map(String)).toEqual(lines);
});

it('a pipe whose writer continues is closed when there are enough records', async () => {
  const pipe = path.join(folder, 'goes-on.pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = readSample(pipe, none, { records: 2, bytes: 1e6 });
  const writer = await open(pipe, 'w');
  await writer.write(text.slice(0, 4_000));
  expect(await reading).toMatchObject({
    isCut: true,
    records: [Buffer.from('{"n":0}'), Buffer.from('{"n":1}')],
  });
  await writer.close();
});
