import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Batcher from '../ingest/batcher.ts';
import type * as ReadRecord from '../ingest/read-record.ts';
import type * as Source from '../ingest/sources/source.ts';
import { generate } from '../simulate/generate.ts';
import { load } from '../simulate/scenarios/load.ts';
import { toLine } from '../simulate/record.ts';

// Compares the CPU time of this checkout with that of another one, from the bytes of a record to the rows to insert,
// over the same records in the same process. Rounds take turns, so that a busy machine slows both. It prints the median
// of the ratios of the rounds (there / here).

const RECORDS = 10_000;
const [folder, rounds = '40'] = process.argv.slice(2);
if (folder === undefined) throw new Error('which other checkout? node bench/two-versions.ts FOLDER [ROUNDS]');

const now = Date.parse('2026-06-01T12:00:00Z');
const sets = {
  'a normal day': () => true,
  'everything fails': (status: number) => status < 200 || status >= 400,
};
for (const [name, isWanted] of Object.entries(sets)) {
  const values = records(isWanted);
  const ways = [await reading(path.resolve(import.meta.dirname, '..')), await reading(path.resolve(folder))];
  const times: number[][] = [[], []];
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const way of order) times[way]?.push(ways[way]?.(values) ?? 0);
  }
  const ratios = (times[0] ?? []).map((time, i) => (times[1]?.[i] ?? 0) / time);
  const [here, there] = times.map((all) => ((median(all) * 1000) / RECORDS).toFixed(2));
  console.log(`${name}: ${here} µs CPU a record here, ${there} there; ratio ${median(ratios).toFixed(2)}`);
}

function records(isWanted: (status: number) => boolean): Buffer[] {
  const found: Buffer[] = [];
  const from = now - 86_400_000;
  for (const record of generate(load, { seed: 'bench', from, to: Number.POSITIVE_INFINITY })) {
    if (isWanted(record.status ?? 0)) found.push(Buffer.from(toLine(record)));
    if (found.length === RECORDS) break;
  }
  return found;
}

/** Makes a function that passes once over the records with the code of a checkout and returns CPU ms. */
async function reading(root: string): Promise<(values: readonly Buffer[]) => number> {
  const load = (file: string): Promise<unknown> => import(pathToFileURL(path.join(root, file)).href);
  const batchers = (await load('ingest/batcher.ts')) as typeof Batcher;
  const readers = (await load('ingest/read-record.ts')) as typeof ReadRecord;
  const sources = (await load('ingest/sources/source.ts')) as typeof Source;
  const id = { topic: 'bench', partition: 0 };
  const reader = readers.createRecordReader({ format: 'auto', mapping: {} });
  return (values) => {
    const batcher = new batchers.Batcher(id, 0, null, reader);
    const kept = values.map((value, offset) => new sources.RawRecord(offset, value));
    const before = process.cpuUsage();
    for (let from = 0; from < kept.length; from += 2_500)
      batcher.add(
        {
          ...id,
          from,
          to: Math.min(kept.length, from + 2_500),
          records: kept.slice(from, from + 2_500),
          highWatermark: null,
        },
        now,
        0,
      );
    batcher.close();
    const [batch] = batcher.closed;
    if (batch?.rows.totals.counted !== values.length) throw new Error(`${root} did not count every record`);
    batch.rows.bodies();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
