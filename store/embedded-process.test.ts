import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasLock, refuseForeignOwner } from './embedded-process.ts';

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
