import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceInFolder } from './announcements.ts';
import { isRotatedName, openWithTopic, rotatedFiles } from './file-identity.ts';
import type { LastLine } from './line-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-identity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const topicOf = async (at: string, written = at, last: LastLine = 'json'): Promise<string | null> => {
  const opened = await openWithTopic(at, written, last);
  await opened?.handle.close();
  return opened?.topic ?? null;
};

it.each([
  ['app.log.1', true],
  ['app.log-20261127', true],
  ['app.log.2026-11-27T03:00', true],
  ['app-2026-11-27.log', true],
  ['app.1.log', true],
  ['app.log', false],
  ['app.log.bak', false],
  ['app.log.1.gz', false],
  ['app2.log', false],
  ['app.log1', false],
  ['other.log.1', false],
])('%s is a rotated app.log: %s', (name, rotated) => expect(isRotatedName(name, 'app.log')).toBe(rotated));

it('rotated files are listed from the oldest to the newest', async () => {
  for (const [name, hoursAgo] of [
    ['app.log.2', 2],
    ['app.log.10', 10],
    ['app.log', 0],
    ['app.log.1', 1],
  ] as const) {
    await writeFile(path.join(folder, name), '{}\n');
    const at = Date.now() / 1000 - hoursAgo * 3_600;
    await utimes(path.join(folder, name), at, at);
  }
  const names = (await rotatedFiles(path.join(folder, 'app.log'))).map((at) => path.basename(at));
  expect(names).toEqual(['app.log.10', 'app.log.2', 'app.log.1']);
});

describe('the topic of a file', () => {
  it('depends on the path where it was written and on its first line, not on where it is now', async () => {
    const file = path.join(folder, 'a.log');
    await writeFile(file, '{"a":1}\n');
    const topic = await topicOf(file);
    expect(topic).toMatch(/^file:a\.log#[0-9a-f]{8}$/);
    await writeFile(file, '{"a":1}\n{"b":2}\n');
    expect(await topicOf(file)).toBe(topic);
    await rename(file, `${file}.1`);
    expect(await topicOf(`${file}.1`, file)).toBe(topic);
    expect(await topicOf(`${file}.1`)).not.toBe(topic);
    await writeFile(file, '{"a":2}\n');
    expect(await topicOf(file)).not.toBe(topic);
  });

  it('is known when the first line is complete, and stays when its line end is written', async () => {
    const file = path.join(folder, 'b.log');
    await writeFile(file, '{"a":');
    expect(await topicOf(file)).toBeNull();
    await writeFile(file, '{"a":1}');
    expect(await topicOf(file, file, 'waits')).toBeNull();
    const topic = await topicOf(file);
    await writeFile(file, '{"a":1}\n');
    expect(await topicOf(file)).toBe(topic);
    expect(topic).not.toBeNull();
  });
});

describe('announcements of files', () => {
  it('survive the process, and are removed when nothing is pending', async () => {
    const own = path.join(folder, 'imports');
    await announceInFolder(own).write('file:a#1', { offset: 5, metadata: 'm' });
    expect(await announceInFolder(own).read('file:a#1')).toEqual({ offset: 5, metadata: 'm' });
    expect(await announceInFolder(own).read('file:a#2')).toEqual({ offset: -1, metadata: null });
    await announceInFolder(own).clear('file:a#1');
    expect(await announceInFolder(own).read('file:a#1')).toEqual({ offset: -1, metadata: null });
  });
});
