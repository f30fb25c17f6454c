import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { openMigrated } from '../../cli/needs/open-migrated.ts';
import { fileLimits, workerFor } from '../../cli/needs/worker.ts';
import { settingsSchema } from '../../domain/settings.ts';
import { announceInMemory } from '../../ingest/sources/announcements.ts';
import { openFileLines } from '../../ingest/sources/file-lines.ts';
import { silentEvents } from '../../ingest/worker-events.ts';
import { readTotalsByClass } from '../../store/queries/whole-store.ts';

/**
 * The plan of a program that reads a file of lines, and either parses each line or brings all into an embedded
 * ClickHouse at `path`.
 */
export interface FilePlan {
  what: 'parse' | 'store';
  file: string;
  path: string;
}

/** From the first byte to the last record; the engine was opened and the tables created before. */
export interface FileResult {
  seconds: number;
  cpu_seconds: number;
  /** Records that were parsed or counted. */
  records: number;
}

const plan: FilePlan = JSON.parse(process.argv[2] ?? '{}');
const result = plan.what === 'parse' ? await parse() : await store();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

async function parse(): Promise<FileResult> {
  const lines = createInterface({
    input: createReadStream(plan.file, { highWaterMark: 1024 * 1024 }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let records = 0;
  let tokens = 0;
  const measured = measure();
  await new Promise<void>((resolve) => {
    // Events are cheaper than an asynchronous iteration.
    lines.on('line', (line) => {
      const record: { input_tokens?: number } = JSON.parse(line);
      tokens += record.input_tokens ?? 0;
      records++;
    });
    lines.on('close', resolve);
  });
  if (tokens < 0) throw new Error('no records');
  return { ...measured(), records };
}

async function store(): Promise<FileResult> {
  const settings = settingsSchema.parse({ clickhouse: { path: plan.path } });
  const open = await openMigrated(settings.clickhouse);
  const source = await openFileLines(plan.file, {
    follow: false,
    lastLine: 'line',
    announcements: announceInMemory(),
    say: () => undefined,
  });
  const worker = workerFor({ now: () => Date.now() }, settings, {
    store: open,
    source,
    events: silentEvents,
    limits: fileLimits(settings),
    onRefused: 'fail',
  });
  const measured = measure();
  await worker.run();
  const spent = measured();
  const counts = await readTotalsByClass(open);
  await open.close();
  return { ...spent, records: Object.values(counts).reduce((sum, n) => sum + n, 0) };
}

function measure(): () => Pick<FileResult, 'seconds' | 'cpu_seconds'> {
  const began = performance.now();
  const used = process.cpuUsage();
  return () => {
    const cpu = process.cpuUsage(used);
    return { seconds: (performance.now() - began) / 1_000, cpu_seconds: (cpu.user + cpu.system) / 1e6 };
  };
}
