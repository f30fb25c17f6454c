import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '../simulate/random.ts';
import type { FilePlan, FileResult } from './ingest/file-program.ts';
import { type MemoryCourse, watchMemory } from './ingest/process-usage.ts';
import { fact, fine, goal, table, whole } from './ingest/report.ts';
import { runProgram } from './ingest/run-program.ts';
import { medianOf } from './ingest/statistics.ts';

// Imports two files with the same number of records into the embedded ClickHouse: one with few callers, one with very
// many. Each caller has its own key. The difference is the cost of names such as sessions or devices.

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '400000' },
    few: { type: 'string', default: '3' },
    many: { type: 'string', default: '60000' },
    rounds: { type: 'string', default: '2' },
    names: { type: 'string', default: 'words' },
  },
});
const records = Number(values.records);
const rounds = Number(values.rounds);
const callers = { few: Number(values.few), many: Number(values.many) };
if (![records, rounds, callers.few, callers.many].every((n) => Number.isInteger(n) && n >= 1)) {
  console.error('--records, --few, --many and --rounds take numbers from 1 on; --names takes words or ids');
  process.exit(2);
}

/**
 * The lines of requests from `count` callers, from `from` (epoch ms) on: 286 requests a second, of which 8 % are
 * refused.
 */
function* lines(count: number, from: number): Generator<string> {
  const random = createRandom('cardinality');
  const names = Array.from({ length: count }, () => {
    const letters = random.letters(12);
    return {
      client: values.names === 'ids' ? `session-${random.hex32()}` : `team-${letters}`,
      key: `sk-proj-${random.hex32()}`,
    };
  });
  for (let i = 0; i < records; i++) {
    const { client, key } = random.pick(names);
    const failing = random.next() < 0.08;
    yield `${JSON.stringify({
      ts: new Date(from + Math.floor(i * 3.5)).toISOString(),
      status: failing ? 429 : 200,
      client,
      api_key: key,
      model: 'gpt-4.1-mini',
      endpoint: '/v1/responses',
      latency_ms: random.between(80, 9_000),
      input_tokens: random.below(8_000),
      ...(failing ? { error: { code: 'rate_limit_exceeded', message: 'Rate limit reached' } } : {}),
    })}\n`;
  }
}

const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
try {
  const measured: Record<'few' | 'many', (FileResult & { memory: MemoryCourse })[]> = { few: [], many: [] };
  for (const which of ['few', 'many'] as const) {
    const file = path.join(folder, `${which}.ndjson`);
    const from = Date.now() - records * 3.5 - 60_000;
    await pipeline(Readable.from(lines(callers[which], from)), createWriteStream(file));
  }
  for (let round = 1; round <= rounds; round++)
    for (const which of ['few', 'many'] as const) {
      const plan: FilePlan = {
        what: 'store',
        file: path.join(folder, `${which}.ndjson`),
        path: path.join(folder, `data-${which}-${round}`),
      };
      const program = runProgram('file-program.ts', plan);
      const watch = watchMemory(program.pid);
      const result = await program.answer<FileResult>();
      measured[which].push({ ...result, memory: watch.end() });
      console.error(`round ${round}, ${which}: ${fine(result.seconds)} s, ${fine(result.cpu_seconds)} CPU s`);
      if (result.records !== records)
        throw new Error(`${records} records written, ${result.records} counted`);
    }
  const few = medianOf(measured.few, ({ seconds }) => seconds);
  const many = medianOf(measured.many, ({ seconds }) => seconds);
  const ratio = many.cpu_seconds / few.cpu_seconds;
  console.log(
    `${whole(records)} records; ${availableParallelism()} cores, load average ${loadavg().map(fine).join(' ')}, Node ${process.version}`,
  );
  console.log(
    table([
      fact(`${whole(callers.few)} callers`, `${fine(few.seconds)} s, ${fine(few.cpu_seconds)} CPU s`),
      fact(
        `${whole(callers.many)} callers`,
        `${fine(many.seconds)} s, ${fine(many.cpu_seconds)} CPU s, ${whole(many.memory.max_mb)} MB`,
      ),
      fact('ratio of the times', fine(many.seconds / few.seconds)),
      goal('ratio of the CPU seconds', fine(ratio), '≤ 3', ratio <= 3),
    ]),
  );
  console.log(JSON.stringify({ records, callers, few, many, ratio }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
