import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { AnalyzersPlan, AnalyzersResult } from './ingest/analyzers-program.ts';
import { fact, fine, goal, type Line, table, whole } from './ingest/report.ts';
import { runProgram } from './ingest/run-program.ts';

// Measures a 10-second step of the analyzers during an incident in every organization. Each case runs twice: with the
// embedded engine, whose threads count in the CPU time, and with ClickHouse in another process, so that the memory is
// that of the analyzer alone.

const cases: readonly (Omit<AnalyzersPlan, 'mode' | 'steps'> & { title: string })[] = [
  { title: '1 organization, 1,000 active combinations', orgs: 1, combinations: 1_000, history_days: 0 },
  { title: '1,000 organizations with 10', orgs: 1_000, combinations: 10, history_days: 0 },
  {
    title: '50 million requests a day, 30 days of them stored',
    orgs: 1,
    combinations: 100,
    history_days: 30,
  },
];

const { values } = parseArgs({
  options: { only: { type: 'string', default: '1,2,3' }, steps: { type: 'string', default: '120' } },
});
const chosen = values.only.split(',').map(Number);
const steps = Number(values.steps);
if (!(Number.isInteger(steps) && steps >= 20) || chosen.some((n) => cases[n - 1] === undefined)) {
  console.error('--only takes numbers of cases from 1 to 3, --steps a number from 20 on');
  process.exit(2);
}

const figures: Record<string, Record<string, AnalyzersResult>> = {};
const lines: Line[] = [];
for (const n of chosen) {
  const one = cases[n - 1];
  if (one === undefined) continue;
  const { title, ...plan } = one;
  const results: Record<string, AnalyzersResult> = {};
  for (const mode of ['embedded', 'server'] as const) {
    console.error(`${title}: ${mode}`);
    const program = runProgram('analyzers-program.ts', { ...plan, mode, steps } satisfies AnalyzersPlan, [
      // The same flag as for `analyze` in cli/faultline.
      '--max-semi-space-size=4',
    ]);
    results[mode] = await program.answer<AnalyzersResult>();
  }
  figures[title] = results;
  const { embedded, server } = results;
  if (embedded === undefined || server === undefined) continue;
  lines.push(
    fact(title, `${whole(embedded.rows)} rows in 70 minutes, ${embedded.incidents} incidents`),
    goal(
      '  CPU of a step, engine included, p95',
      `${whole(embedded.p95_ms)} ms`,
      '≤ 300 ms',
      embedded.p95_ms <= 300,
    ),
    fact('  median, highest', `${whole(embedded.median_ms)}, ${whole(embedded.max_ms)} ms`),
    fact('  parts of a step, mean: queries, judging, writing', parts(embedded)),
    fact('  CPU of a step, analyzer alone, p95', `${whole(server.p95_ms)} ms`),
    fact('  first tick, 15 minutes evaluated again', `${fine(embedded.first_ms / 1000)} s of CPU`),
    fact('  the step in which all incidents fire', `${fine(embedded.fired_ms / 1000)} s of CPU`),
    goal('  most memory of the analyzer', `${whole(server.max_mb)} MB`, '< 300 MB', server.max_mb < 300),
    goal(
      '  not judged, or judged coarsely, for lack of memory',
      `${whole(server.left_out)}, ${whole(server.coarse)}`,
      '0',
      server.left_out + server.coarse === 0,
    ),
    fact('  memory, second half of the steps', `${whole(server.half_mb)} to ${whole(server.end_mb)} MB`),
  );
}
console.log(`load average ${loadavg().map(fine).join(' ')}, Node ${process.version}, ${steps} steps`);
console.log(table(lines));
console.log(JSON.stringify(figures));

function parts({ parts_ms }: AnalyzersResult): string {
  return [parts_ms.queries, parts_ms.judging, parts_ms.writing].map((ms) => `${whole(ms)} ms`).join(', ');
}
