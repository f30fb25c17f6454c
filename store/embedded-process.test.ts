import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Descriptors, hasLock, pointStdinAtNull, refuseForeignOwner } from './embedded-process.ts';

const locks = `1: POSIX  ADVISORY  WRITE 14807 fe:00:11085587 0 EOF
2: FLOCK  ADVISORY  WRITE 13379 fe:00:11167272 0 EOF
2: -> FLOCK  ADVISORY  WRITE 500 fe:00:11167272 0 EOF
`;

test.each([
  ['the process that has it', 13_379, 11_167_272, true],
  ['another process', 1_337, 11_167_272, false],
  ['the process, but on another file', 13_379, 1_167_272, false],
  ['a process that waits for it', 500, 11_167_272, false],
  ['a process with a lock of another kind', 14_807, 11_085_587, false],
])('the lock belongs to %s', (_who, pid, inode, expected) => {
  expect(hasLock(locks, pid, inode)).toBe(expected);
});

test.runIf(process.platform === 'linux')(
  'a directory whose owner was killed is free, although another process has its number',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'faultline-owner-'));
    await writeFile(path.join(folder, 'status'), `PID: ${process.ppid}\nStarted at: 2026-03-01 12:00:00\n`);
    await expect(refuseForeignOwner(folder)).resolves.toBeUndefined();
    await rm(folder, { recursive: true });
  },
);

test('a directory that its owner closes while it is looked at is free', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-owner-'));
  await writeFile(path.join(folder, 'status'), `PID: ${process.ppid}\n`);
  const closing = async (): Promise<string> => {
    await rm(path.join(folder, 'status'));
    return locks;
  };
  await expect(refuseForeignOwner(folder, closing)).resolves.toBeUndefined();
  await rm(folder, { recursive: true });
});

test('a directory whose owner holds the lock is in use', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-owner-'));
  const file = path.join(folder, 'status');
  await writeFile(file, `PID: ${process.ppid}\n`);
  const { ino } = await stat(file);
  const held = async (): Promise<string> => `1: FLOCK  ADVISORY  WRITE ${process.ppid} fe:00:${ino} 0 EOF\n`;
  await expect(refuseForeignOwner(folder, held)).rejects.toThrow(
    `is in use by process ${process.ppid}: stop it`,
  );
  await expect(refuseForeignOwner(folder, async () => null)).rejects.toThrow('is in use by process');
  await rm(folder, { recursive: true });
});

/** Descriptors of a process in which another thread opens a file as soon as number 0 is free, and keeps it so long. */
function descriptorsWith(thread: { keepsFor: number }, stdin = 'a pipe') {
  const open = new Map([
    [0, stdin],
    [1, 'stdout'],
    [2, 'stderr'],
  ]);
  let left = thread.keepsFor;
  const closed: (string | undefined)[] = [];
  const system: Descriptors = {
    isNull: (descriptor) => open.get(descriptor) === 'null',
    close(descriptor) {
      closed.push(open.get(descriptor));
      open.delete(descriptor);
      if (descriptor === 0 && left > 0) open.set(0, 'a file of the thread');
    },
    openNull() {
      if (open.get(0) === 'a file of the thread' && left-- <= 0) open.delete(0);
      const free = [0, 3].find((descriptor) => !open.has(descriptor)) ?? 4;
      open.set(free, 'null');
      return free;
    },
  };
  return { open, closed, system };
}

test.each([
  ['no thread opens a file in between', 0],
  ['a thread opens a file in between and closes it soon', 3],
])('standard input becomes /dev/null when %s, and nothing else is closed', async (_fact, keepsFor) => {
  const { open, closed, system } = descriptorsWith({ keepsFor });
  await pointStdinAtNull(system, 0);
  expect([...open].sort(([a], [b]) => a - b)).toEqual([
    [0, 'null'],
    [1, 'stdout'],
    [2, 'stderr'],
  ]);
  expect(closed).toEqual(['a pipe', ...Array.from({ length: keepsFor }, () => 'null')]);
});

test('standard input that is /dev/null already is left alone', async () => {
  const { closed, system } = descriptorsWith({ keepsFor: 3 }, 'null');
  await pointStdinAtNull(system, 0);
  expect(closed).toEqual([]);
});

test('a descriptor that stays taken is an error, and never closed', async () => {
  const { closed, system } = descriptorsWith({ keepsFor: Number.POSITIVE_INFINITY });
  await expect(pointStdinAtNull(system, 0)).rejects.toThrow('start faultline with </dev/null');
  expect(closed).not.toContain('a file of the thread');
});
