import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openMigrated } from '../cli/needs/open-migrated.ts';
import { settingsSchema } from '../domain/settings.ts';
import { type Batch, Batcher } from '../ingest/batcher.ts';
import { RawRecord } from '../ingest/sources/source.ts';
import { createRecordReader } from '../ingest/read-record.ts';
import { batchInserts, writeInserts } from '../store/write-batch.ts';
import { type DataSet, dataSets, lines } from './ingest/data-set.ts';
import { fact, fine, type Line, table, whole } from './ingest/report.ts';

// Shows, within half a minute and in one process, where the CPU seconds of ingesting go: reading and folding, making
// rows, and the embedded ClickHouse. Use this bench to compare before and after a change. Kafka and HTTP are left out.

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '500000' },
    batches: { type: 'string', default: '2' },
    sets: { type: 'string', default: dataSets.join(',') },
  },
});
const records = Number(values.records);
const batches = Number(values.batches);
if (!(Number.isInteger(records) && records >= 1_000 && Number.isInteger(batches) && batches >= 1)) {
  console.error('--records takes a number from 1000 on, --batches one from 1 on');
  process.exit(2);
}
const PARTITIONS = 4;
const CHUNK = 2_000;

const found: Line[] = [];
for (const set of dataSets.filter((name) => values.sets.split(',').includes(name)))
  found.push(...(await measure(set)));
console.log(table(found));
process.exit(0);

async function measure(set: DataSet): Promise<Line[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-bench-'));
  const settings = settingsSchema.parse({ clickhouse: { path: folder } });
  const store = await openMigrated(settings.clickhouse);
  const fetched = fetches(set);
  try {
    const spent = stopwatch();
    const closed = fold(fetched);
    const folding = spent();
    const inserts = closed.map((batch) =>
      batchInserts(batch.rows.bodies(), ledgerEntry(batch), `${batch.openedAt}`),
    );
    const making = spent();
    for (const one of inserts) await writeInserts(store, one);
    const storing = spent();
    const [row] = await store.query<{ rows: number; requests: number; rollup: number }>(
      `SELECT (SELECT sum(rows) FROM system.parts WHERE database = currentDatabase() AND table = 'request_counts' AND active) AS rows,
         (SELECT sum(requests) FROM request_counts) AS requests, (SELECT sum(requests) FROM request_counts_1m) AS rollup`,
    );
    if (row?.requests !== records || row.rollup !== records)
      throw new Error(`${records} records, but counted were ${JSON.stringify(row)}`);
    const perMillion = (seconds: number): string => fine((seconds * 1e6) / records);
    return [
      fact(`${set}: count rows a record, in ${closed.length} batches`, fine(row.rows / records)),
      fact(`${set}: CPU s a million: reading and folding`, perMillion(folding)),
      fact(`${set}: CPU s a million: making rows`, perMillion(making)),
      fact(`${set}: CPU s a million: ClickHouse`, perMillion(storing)),
      fact(`${set}: all, per CPU s`, whole(records / (folding + making + storing))),
    ];
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** For each partition, its records in chunks as fetches bring them. */
function fetches(set: DataSet): RawRecord[][][] {
  const waiting: string[][] = Array.from({ length: PARTITIONS }, () => []);
  let n = 0;
  for (const line of lines(set, records)) waiting[n++ % PARTITIONS]?.push(line);
  return waiting.map((all) => {
    const chunks: RawRecord[][] = [];
    for (let from = 0; from < all.length; from += CHUNK) {
      const part = all.slice(from, from + CHUNK);
      const bytes = Buffer.from(part.join(''));
      let at = 0;
      chunks.push(
        part.map((line, i) => {
          const start = at;
          at += Buffer.byteLength(line);
          return new RawRecord(from + i, bytes, start, at);
        }),
      );
    }
    return chunks;
  });
}

/**
 * Folds one chunk of each partition in turn, as fetches bring them; each partition makes the wanted number of batches.
 */
function fold(fetched: readonly RawRecord[][][]): Batch[] {
  const reader = createRecordReader({ format: 'auto', mapping: {} });
  const batchers = fetched.map(
    (_chunks, partition) => new Batcher({ topic: 't', partition }, 0, null, reader),
  );
  const chunks = fetched[0]?.length ?? 0;
  for (let i = 0; i < chunks; i++)
    for (const [partition, batcher] of batchers.entries()) {
      const part = fetched[partition]?.[i] ?? [];
      const to = (part.at(-1)?.offset ?? batcher.position - 1) + 1;
      const id = { topic: 't', partition, from: batcher.position, to, highWatermark: null };
      batcher.add({ ...id, records: part }, Date.now(), partition * 1_000 + i);
      if ((i + 1) % Math.ceil(chunks / batches) === 0) batcher.close();
    }
  for (const batcher of batchers) batcher.close();
  return batchers.flatMap(({ closed }) => closed);
}

function ledgerEntry({ from, to, rows }: Batch): Parameters<typeof batchInserts>[1] {
  const { totals } = rows;
  return {
    topic: 't',
    partition: 0,
    incarnation: 0,
    kind: 'batch',
    from,
    to,
    counted: totals.counted,
    failed: totals.failed,
    skipped: totals.skipped,
    dead: totals.dead,
    holes: 0,
    extra: totals.extra,
    first_ts: totals.first_ts,
    last_ts: totals.last_ts,
    days: rows.days(),
    dropped: rows.dropped,
    topic_id: '',
    last_digest: '',
    worker: 'bench',
    detail: '',
    names: null,
  };
}

/** Returns a function that returns the CPU seconds of the process since its last call. */
function stopwatch(): () => number {
  let last = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    return (user + system) / 1e6;
  };
}
