import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeLoad } from '../simulate/write-load.ts';
import type { FilePlan, FileResult } from './ingest/file-program.ts';
import { type MemoryCourse, watchMemory } from './ingest/process-usage.ts';
import { fact, fine, goal, table, whole } from './ingest/report.ts';
import { runProgram } from './ingest/run-program.ts';
import { medianOf } from './ingest/statistics.ts';

// Compares reading a file into the embedded ClickHouse, in one process, with reading the lines and JSON.parse alone.

const { values } = parseArgs({
  options: { records: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '2' } },
});
const records = Number(values.records);
const rounds = Number(values.rounds);
if (!(Number.isInteger(records) && records >= 1_000 && Number.isInteger(rounds) && rounds >= 1)) {
  console.error('--records takes a number from 1000 on, --rounds one from 1 on');
  process.exit(2);
}

const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
try {
  const file = path.join(folder, 'load.ndjson');
  const written = await writeLoad(file, records, { seed: 'bench', from: Date.now() - records / 2 - 60_000 });
  const parsed: FileResult[] = [];
  const stored: (FileResult & { memory: MemoryCourse })[] = [];
  for (let round = 1; round <= rounds; round++) {
    parsed.push(
      await runProgram('file-program.ts', {
        what: 'parse',
        file,
        path: '',
      } satisfies FilePlan).answer<FileResult>(),
    );
    const program = runProgram('file-program.ts', {
      what: 'store',
      file,
      path: path.join(folder, `data-${round}`),
    } satisfies FilePlan);
    const watch = watchMemory(program.pid);
    const result = await program.answer<FileResult>();
    stored.push({ ...result, memory: watch.end() });
    console.error(
      `round ${round}: parse ${fine(parsed.at(-1)?.seconds ?? 0)} s, store ${fine(result.seconds)} s`,
    );
    const counted = Object.values(written.counts).reduce((sum, n) => sum + n, 0);
    if (result.records !== counted) throw new Error(`${counted} records written, ${result.records} counted`);
  }
  const parse = medianOf(parsed, ({ seconds }) => seconds);
  const store = medianOf(stored, ({ seconds }) => seconds);
  const { memory } = medianOf(stored, (run) => run.memory.max_mb);
  const ratio = parse.seconds / store.seconds;
  const load = loadavg().map(fine).join(' ');
  console.log(
    `${whole(records)} records, ${whole(written.bytes / 1e6)} MB; ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load average ${load}, Node ${process.version}`,
  );
  console.log(
    table([
      fact(
        'lines and JSON.parse alone',
        `${whole(records / parse.seconds)}/s, ${fine(parse.cpu_seconds)} CPU s`,
      ),
      fact(
        'file to embedded ClickHouse',
        `${whole(records / store.seconds)}/s, ${fine(store.cpu_seconds)} CPU s`,
      ),
      goal('ratio of the rates', fine(ratio), '≥ 0.40', ratio >= 0.4),
      fact(
        'ratio of the CPU seconds: what a busy machine changes least',
        fine(parse.cpu_seconds / store.cpu_seconds),
      ),
      goal('most memory, engine included', `${whole(memory.max_mb)} MB`, '< 800 MB', memory.max_mb < 800),
      fact(
        'its growth in the second half',
        `${whole(memory.slope_mb_per_min)} MB a minute, ${fine((memory.slope_mb_per_min / 60) * store.seconds * (1e6 / records))} MB a million records`,
      ),
      fact('MB at each second', memory.points.map(({ mb }) => mb).join(' ')),
    ]),
  );
  console.log(JSON.stringify({ records, parse, store: { ...store, memory }, ratio }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
