import { open } from 'node:fs/promises';
import type { RequestClass } from '../domain/error-class.ts';
import { generate } from './generate.ts';
import { toLine } from './record.ts';
import type { Scenario } from './scenario.ts';
import { load } from './scenarios/load.ts';
import { createTally } from './truth.ts';

export interface WriteLoadOptions {
  seed: number | string;
  /** Time of the first record, epoch milliseconds. */
  from: number;
  /** Requests per second of event time; absent: the rate of the scenario. */
  rate?: number;
  /** Absent: the scenario `load`. */
  scenario?: Scenario;
}

export interface WrittenLoad {
  records: number;
  bytes: number;
  /** True counts by class. */
  counts: Partial<Record<RequestClass, number>>;
  /** Time of the last record, epoch milliseconds. */
  last_ts: number;
}

const BUFFER_BYTES = 1 << 20;
/** No line of the simulator is longer than this, in bytes. */
const LINE_BYTES = 16 * 1024;

/** Writes `records` records to an NDJSON file, replacing the file. Only a buffer of one mebibyte is held in memory. */
export async function writeLoad(
  path: string,
  records: number,
  options: WriteLoadOptions,
): Promise<WrittenLoad> {
  const { scenario = load, ...rest } = options;
  const tally = createTally();
  const file = await open(path, 'w');
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let filled = 0;
  let bytes = 0;
  let last_ts = options.from;
  try {
    for (const record of generate(scenario, { ...rest, to: Number.POSITIVE_INFINITY })) {
      if (tally.total() === records) break;
      tally.add(record);
      last_ts = record.ts;
      filled += buffer.write(toLine(record), filled);
      buffer[filled++] = 0x0a;
      if (filled > BUFFER_BYTES - LINE_BYTES) await flush();
    }
    await flush();
  } finally {
    await file.close();
  }
  return { records: tally.total(), bytes, counts: tally.counts(), last_ts };

  async function flush(): Promise<void> {
    for (let done = 0; done < filled; ) {
      done += (await file.write(buffer, done, filled - done)).bytesWritten;
    }
    bytes += filled;
    filled = 0;
  }
}
