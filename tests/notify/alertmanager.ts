import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { freePort } from '../kafka/free-port.ts';
import { until } from '../fixtures/until.ts';

const run = promisify(execFile);
const PACKAGE = 'prometheus-alertmanager';
const cache = path.join(homedir(), '.cache', 'faultline-tests', PACKAGE);
const binary = path.join(cache, 'usr', 'bin', PACKAGE);
/** The only place where Debian's build looks for its templates. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/** A real Alertmanager that sends to one webhook. */
export interface AlertmanagerProcess {
  readonly url: string;
  alerts(): Promise<
    {
      labels: Record<string, string>;
      annotations: Record<string, string>;
      endsAt: string;
      startsAt: string;
    }[]
  >;
  stop(): Promise<void>;
}

/**
 * Starts Alertmanager. If this machine does not have it yet, first downloads it from Debian, as any user and without
 * installing anything.
 */
export async function startAlertmanager(webhook: string): Promise<AlertmanagerProcess> {
  await provide();
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-alertmanager-'));
  const port = await freePort();
  const config = {
    route: {
      receiver: 'test',
      group_by: ['incident'],
      group_wait: '1s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'test', webhook_configs: [{ url: webhook, send_resolved: true }] }],
  };
  await writeFile(path.join(folder, 'config.yml'), stringify(config));
  const args = [
    `--config.file=${path.join(folder, 'config.yml')}`,
    `--storage.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  const child = spawn(binary, args, {
    cwd: path.join(cache, TEMPLATES),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const url = `http://127.0.0.1:${port}`;
  await until('Alertmanager is ready', async () => {
    if (child.exitCode !== null) throw new Error(`Alertmanager ended: ${said}`);
    return (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true;
  });
  return {
    url,
    alerts: async () => (await fetch(`${url}/api/v2/alerts`)).json(),
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function provide(): Promise<void> {
  if (await exists(binary)) return;
  await mkdir(path.dirname(cache), { recursive: true });
  const folder = await mkdtemp(path.join(path.dirname(cache), 'download-'));
  try {
    await download(folder);
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get wrote no package');
    await run('dpkg', ['-x', archive, 'unpacked'], { cwd: folder });
    await lookHere(path.join(folder, 'unpacked', 'usr', 'bin', PACKAGE));
    await rm(cache, { recursive: true, force: true });
    await rename(path.join(folder, 'unpacked'), cache);
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 300) : String(error);
    throw new Error(`no Alertmanager: ${PACKAGE} could not be got from Debian by apt-get and dpkg: ${why}`, {
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Downloads the package into the folder, by the package lists of the machine. If there are none, first downloads the
 * lists into the folder, too, which needs no rights.
 */
async function download(folder: string): Promise<void> {
  try {
    await run('apt-get', ['download', PACKAGE], { cwd: folder });
  } catch {
    const own = [
      '-o',
      `Dir::State=${folder}/state`,
      '-o',
      `Dir::Cache=${folder}/cache`,
      '-o',
      'APT::Sandbox::User=root',
    ];
    await mkdir(path.join(folder, 'state', 'lists', 'partial'), { recursive: true });
    await mkdir(path.join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', PACKAGE], { cwd: folder });
  }
}

/**
 * Makes the program look for its templates in its working folder, by a path of the same length, so that no other byte
 * moves.
 */
async function lookHere(file: string): Promise<void> {
  const bytes = await readFile(file);
  const here = Buffer.from('./'.repeat(TEMPLATES.length / 2));
  for (let at = bytes.indexOf(TEMPLATES); at >= 0; at = bytes.indexOf(TEMPLATES, at)) here.copy(bytes, at);
  await writeFile(file, bytes);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
