import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

const run = promisify(execFile);

/**
 * Starts the Chromium of the package `@sparticuz/chromium`, which unpacks itself into the temporary folder. If the
 * machine lacks shared libraries, those of the package are used. `language` is added to the browser's environment.
 * Throws with the names of what is missing.
 */
export async function launchBrowser(language: Readonly<Record<string, string>> = {}): Promise<Browser> {
  const executablePath = await chromium.executablePath();
  const libraries = (await missingLibraries(executablePath)).length === 0 ? '' : await unpackLibraries();
  const environment = { ...process.env, ...language, FONTCONFIG_PATH: path.join(tmpdir(), 'fonts') };
  if (libraries !== '') {
    Object.assign(environment, { LD_LIBRARY_PATH: libraries });
    const missing = await missingLibraries(executablePath, environment);
    if (missing.length > 0) throw new Error(`the browser lacks shared libraries: ${missing.join(', ')}`);
  }
  return playwright.launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--disable-background-networking'],
    env: environment,
  });
}

async function missingLibraries(executable: string, env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const { stdout } = await run('ldd', [executable], { env }).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name ?? '');
}

async function unpackLibraries(): Promise<string> {
  const folder = path.join(tmpdir(), 'al2023');
  const libraries = path.join(folder, 'lib');
  if (existsSync(libraries)) return libraries;
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const archive = path.join(
    main.slice(0, main.indexOf(`${path.sep}build${path.sep}`)),
    'bin',
    'al2023.tar.br',
  );
  await mkdir(folder, { recursive: true });
  const unpack = execFile('tar', ['-x', '-C', folder]);
  if (unpack.stdin === null) throw new Error('tar has no standard input');
  await pipeline(createReadStream(archive), createBrotliDecompress(), unpack.stdin);
  if (unpack.exitCode === null) await new Promise((resolve) => unpack.once('close', resolve));
  return libraries;
}
