import { generate } from '../../simulate/generate.ts';
import { toLine } from '../../simulate/record.ts';
import { load } from '../../simulate/scenarios/load.ts';
import { hardlyFolding } from './hardly-folding.ts';

/**
 * The two sets of records. `folding`: many requests of few callers. `hardly-folding`: nearly every request has its own
 * count row.
 */
export const dataSets = ['folding', 'hardly-folding'] as const;
export type DataSet = (typeof dataSets)[number];

/**
 * The lines of a data set. The last line has about the present time, so that no table drops a line because of its age.
 */
export function lines(set: DataSet, records: number): Generator<string> {
  return set === 'folding' ? folding(records) : hardlyFolding(records, 'bench', Date.now() - 60_000);
}

function* folding(records: number): Generator<string> {
  const from = Date.now() - (records / load.requests_per_second) * 1_000 - 60_000;
  let n = 0;
  for (const record of generate(load, { seed: 'bench', from, to: Number.POSITIVE_INFINITY })) {
    if (n++ === records) return;
    yield toLine(record);
  }
}
