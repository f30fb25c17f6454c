import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listenTo } from '../../tests/fixtures/source-contract.ts';
import { until } from '../../tests/fixtures/until.ts';
import { announceInMemory } from './announcements.ts';
import { openFileLines } from './file-lines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-file-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a followed file is read to its end before the next file with the same first line starts the topic again', async () => {
  const file = path.join(folder, 'same.log');
  const said: string[] = [];
  const source = await openFileLines(file, {
    follow: true,
    lastLine: 'waits',
    announcements: announceInMemory(),
    say: (line) => said.push(line),
  });
  await writeFile(file, '{"head":1}\n{"n":1}\n');
  const listener = listenTo(source);
  await listener.readFrom(0);
  await listener.received(2);
  await appendFile(file, '{"n":2}\n');
  await rename(file, `${file}.1`);
  await writeFile(file, '{"head":1}\n{"n":3}\n');
  await until('the topic begins anew', () => listener.recreated.length > 0);
  expect(listener.lines()).toEqual(['0 {"head":1}', '1 {"n":1}', '2 {"n":2}']);
  await listener.readFrom(0);
  await listener.received(5);
  expect(listener.lines().slice(3)).toEqual(['0 {"head":1}', '1 {"n":3}']);
  expect(said).toContain(`${file} was rotated: the new file is read from its first line`);
  await source.stop();
  await listener.running;
});

it('announced lines that no longer exist are reported, and not replayed', async () => {
  const file = path.join(folder, 'cut.log');
  await writeFile(file, '{"a":1}\n');
  const said: string[] = [];
  const announcements = announceInMemory();
  const source = await openFileLines(file, {
    follow: false,
    lastLine: 'json',
    announcements,
    say: (line) => said.push(line),
  });
  const listener = listenTo(source);
  const id = await listener.assigned();
  await source.commit(1, id, 0, 'faultline:1:0:5');
  expect(await source.committed([id])).toEqual([{ offset: -1, metadata: null }]);
  expect(said).toEqual([expect.stringContaining('cut.log ends at line 1: lines 1 to 5')]);
  await source.commit(1, id, 0, 'faultline:1:0:1');
  expect(await source.committed([id])).toEqual([{ offset: 0, metadata: 'faultline:1:0:1' }]);
  await source.commit(1, id, 1, 'faultline:1:0:-');
  expect(await announcements.read(id.topic)).toEqual({ offset: -1, metadata: null });
  await source.stop();
  await listener.running;
});

it.each<[string, string | Buffer, 'line' | 'json', number, RegExp | null]>([
  ['nothing', '', 'line', 0, null],
  ['gzip of nothing', gzipSync(''), 'line', 0, null],
  ['gzip of nothing that may grow', gzipSync(''), 'json', 0, null],
  ['the header of CSV alone', 'ts,status\n', 'json', 0, null],
  ['half a line', '{"a":', 'json', 5, null],
  [
    'gzip that is cut off in its first line',
    gzipSync('{"a":"bcdefgh"}').subarray(0, -9),
    'line',
    15,
    /is cut off$/,
  ],
])(
  'a file of %s says what is not finished, and what is wrong',
  async (fact, bytes, lastLine, unfinished, damage) => {
    const file = path.join(folder, fact);
    await writeFile(file, bytes);
    const source = await openFileLines(file, {
      follow: false,
      lastLine,
      announcements: announceInMemory(),
      say: () => {},
    });
    const listener = listenTo(source);
    await listener.running;
    expect(listener.lines()).toEqual([]);
    expect(source.unfinished()).toBe(unfinished);
    if (damage === null) expect(source.damage()).toBeNull();
    else expect(source.damage()).toMatch(damage);
  },
);
