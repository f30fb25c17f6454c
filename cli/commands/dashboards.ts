import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultDocsUrl } from '../../dashboards/docs-url.ts';
import { buildFiles, fileText } from '../../dashboards/grafana/build.ts';
import { checkFiles, compareFiles } from '../../dashboards/grafana/check.ts';
import { push } from '../../dashboards/grafana/push.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { makeDirectory } from '../../store/embedded-process.ts';

export interface DashboardsOptions {
  /** Folder of the generated files; by default the committed one. */
  out?: string;
  /** Address of Grafana, for push. */
  url?: string;
  token?: string;
  /** Start of the address of every runbook; by default Grafana's own static files. */
  docsUrl?: string;
  /** Push only: show the changes without making them. */
  dryRun?: boolean;
}

type Action = 'build' | 'check' | 'push';

const committedFolder = fileURLToPath(new URL('../../dashboards/grafana/out/', import.meta.url));

/** `faultline dashboards ACTION`, with Grafana's address from the settings. */
export async function run(
  options: { action: Action } & Pick<DashboardsOptions, 'out' | 'docsUrl' | 'dryRun'>,
  context: CommandContext,
): Promise<number> {
  const { action, ...rest } = options;
  const { url, token } = context.settings.grafana;
  return dashboardsCommand(action, { ...rest, url, token }, context);
}

/** Builds, checks or sends the Grafana files. Resolves with the exit code: 1 when the check found a difference. */
export async function dashboardsCommand(
  action: Action,
  options: DashboardsOptions,
  io: { out: (line: string) => void; err: (line: string) => void },
): Promise<number> {
  const docsUrl = options.docsUrl ?? defaultDocsUrl;
  const files = buildFiles(docsUrl);
  const problems = checkFiles(files);
  for (const problem of problems) io.err(problem);
  if (problems.length > 0) return EXIT.found;
  const built = files.map((file) => ({ path: file.path, text: fileText(file) }));
  const folder = path.resolve(options.out ?? committedFolder);

  if (action === 'push') {
    if ((options.url ?? '') === '') {
      throw new UserError('grafana.url is empty; set it (FAULTLINE_GRAFANA_URL) to the address of Grafana');
    }
    const dashboards = files.filter((file) => file.path.startsWith('dashboards/'));
    const grafana = { url: options.url ?? '', token: options.token ?? '' };
    const dryRun = options.dryRun ?? false;
    for (const { what, change, differences } of await push(grafana, dashboards, { docsUrl, dryRun })) {
      io.out(`${dryRun && change !== 'unchanged' ? `would ${change}` : done[change]} ${what}`);
      if (dryRun) for (const line of shortened(differences)) io.out(`  ${line}`);
    }
    return EXIT.ok;
  }
  if (action === 'build') {
    await write(folder, built);
    for (const file of built) io.out(path.join(folder, file.path));
    return EXIT.ok;
  }
  const found = await read(folder);
  const differences = compareFiles(built, found);
  const other = docsUrlOf(found.get('alerting/rules.json') ?? '');
  if (differences.length > 0 && other !== null && other !== docsUrl) {
    const same = buildFiles(other).map((file) => ({ path: file.path, text: fileText(file) }));
    if (compareFiles(same, found).length === 0) {
      io.err(
        `${folder} was built for runbooks at ${other}; run faultline dashboards check --docs-url ${other}`,
      );
      return EXIT.found;
    }
  }
  for (const difference of differences) {
    io.err(`${path.join(folder, difference)}; run faultline dashboards build`);
  }
  if (differences.length === 0) io.out(`${built.length} files are as the code builds them`);
  return differences.length === 0 ? EXIT.ok : EXIT.found;
}

/** The address of the runbooks in a file of alert rules; null when there is none. */
function docsUrlOf(rules: string): string | null {
  return /"runbook_url": "(?:\{\{.*?\}\})?(.*?)\/incidents\//.exec(rules)?.[1] ?? null;
}

const done = { create: 'created', update: 'updated', delete: 'deleted', unchanged: 'unchanged' } as const;

/** At most this many differences of one dashboard or rule are shown. */
const MOST_LINES = 20;

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Only these folders are read, so that a wrong --out deletes no other file. */
const ourFolders = ['alerting', 'dashboards'] as const;

async function write(folder: string, files: readonly { path: string; text: string }[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.path));
  for (const file of files) {
    await makeDirectory(path.dirname(path.join(folder, file.path)));
    await writeFile(path.join(folder, file.path), file.text);
  }
  // Without this, the old file of a renamed dashboard would stay.
  for (const stale of (await read(folder)).keys()) {
    if (!wanted.has(stale) && path.basename(stale).startsWith('faultline-'))
      await rm(path.join(folder, stale));
  }
}

async function read(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const sub of ourFolders) {
    for (const name of await namesIn(path.join(folder, sub))) {
      found.set(`${sub}/${name}`, await readFile(path.join(folder, sub, name), 'utf8'));
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
