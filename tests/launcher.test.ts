import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const run = promisify(execFile);
let home: string;
let bin: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'faultline-launcher-'));
  bin = path.join(home, 'machine');
  await mkdir(path.join(home, 'cli'), { recursive: true });
  await mkdir(bin);
  await cp(path.resolve(import.meta.dirname, '../cli/faultline'), path.join(home, 'cli/faultline'));
  // The tools that the launcher itself uses.
  for (const tool of ['readlink', 'dirname']) await symlink(`/usr/bin/${tool}`, path.join(bin, tool));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A fake Node that prints its version, or the arguments it was started with. */
async function fakeNode(file: string, version: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(
    file,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "${version} runs $*"; fi\n`,
  );
  await chmod(file, 0o755);
}

async function launch(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await run(path.join(home, 'cli/faultline'), args, { env: { PATH: bin } })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

const own = (): string => path.join(home, 'node_modules/.bin/node');
const needs = (found: string): object => ({
  code: 1,
  stdout: '',
  stderr: `faultline needs Node 24 or later, and this machine has ${found}; npm ci in ${home} brings it\n`,
});

it.each(['v20.20.2', 'v22.21.0', 'v8.0.0'])(
  'a machine with Node %s alone is told what to do in one line',
  async (version) => {
    await fakeNode(path.join(bin, 'node'), version);
    expect(await launch('start')).toEqual(needs(version));
  },
);

it('a machine without Node gets a message', async () => {
  expect(await launch('start')).toEqual(needs('none'));
});

it('the Node of the package is preferred to that of the machine', async () => {
  await fakeNode(path.join(bin, 'node'), 'v26.0.0');
  await fakeNode(own(), 'v24.21.0');
  const { code, stdout } = await launch('trends', '--since', '24h');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^v24\.21\.0 runs --no-warnings .*\/cli\/main\.ts trends --since 24h\n$/);
});

it('a Node of the package that is too old is skipped', async () => {
  await fakeNode(path.join(bin, 'node'), 'v25.1.0');
  await fakeNode(own(), 'v18.19.0');
  expect((await launch('start')).stdout).toContain('v25.1.0 runs');
});

it.each([
  ['beside the packages', {}, 'node_modules/.cache/faultline'],
  ['in the folder that NODE_COMPILE_CACHE names', { NODE_COMPILE_CACHE: '/elsewhere' }, '/elsewhere'],
])('compiled code is stored %s', async (_where, given, expected) => {
  await fakeNode(own(), 'v24.0.0');
  await writeFile(
    own(),
    '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.0.0; else echo "$NODE_COMPILE_CACHE"; fi\n',
  );
  const { stdout } = await run(path.join(home, 'cli/faultline'), [], { env: { PATH: bin, ...given } });
  expect(stdout.trim()).toBe(path.resolve(home, expected));
});

it('the manifest names the Node that the launcher asks for', () => {
  expect(manifest.engines.node).toBe('>=24');
});

it.each([
  ['npm run stays in the folder in which it is called', '', 'package.json', 'caller'],
  ['the npm of another project changes nothing', '', 'caller/package.json', ''],
  ['a start from another folder than that of package.json stays there', 'cli', 'package.json', 'cli'],
])('%s', async (_fact, cwd, manifestFile, expected) => {
  await fakeNode(own(), 'v24.0.0');
  await writeFile(own(), '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.0.0; else pwd; fi\n');
  await mkdir(path.join(home, 'caller'));
  for (const file of ['package.json', 'caller/package.json']) await writeFile(path.join(home, file), '{}');
  const env = {
    PATH: bin,
    INIT_CWD: path.join(home, 'caller'),
    npm_package_json: path.join(home, manifestFile),
  };
  const { stdout } = await run(path.join(home, 'cli/faultline'), [], { env, cwd: path.join(home, cwd) });
  expect(stdout.trim()).toBe(path.join(home, expected));
});

it('the line of the README puts the command faultline, which messages name, on the PATH', async () => {
  const root = path.resolve(import.meta.dirname, '..');
  const [line = ''] = /^export PATH=\S+/m.exec(await readFile(path.join(root, 'README.md'), 'utf8')) ?? [];
  const script = `${line} && cd "$1" && faultline --version`;
  const { stdout } = await run('sh', ['-c', script, 'sh', home], { cwd: root });
  expect(stdout.trim()).toBe(manifest.version);
});
