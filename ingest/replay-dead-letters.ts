import type { Store } from '../store/store.ts';
import type { DeadLetter } from '../store/queries/dead-letters.ts';
import { batchInserts, writeInserts } from '../store/write-batch.ts';
import { dimensionSets } from './rows/dimension-sets.ts';
import { failureOf } from './rows/judged-error.ts';
import { recordDigest } from './record-digest.ts';
import { BatchRows } from './rows/batch-rows.ts';
import type { RecordReader } from './read-record.ts';
import { type InputReport, tallyInput } from './input-report.ts';

const nothing = { reason: 'schema', detail: 'there is no record in it' } as const;

export interface ReplayResult {
  counted: number;
  /** Still dead letters (with a new reason), or without a request. */
  rejected: number;
  /** Dead letters that were cut when they were stored, so that they cannot be decoded. */
  cut: number;
  /** What happened to those that were decoded again. */
  input: InputReport;
}

/**
 * Decodes dead letters again and counts those that can be decoded now. Each has its own token and its own row in the
 * ledger, so that it counts once, even after a repetition or a crash. Throws `StoreError`.
 */
export async function replayDeadLetters(
  store: Store,
  letters: readonly DeadLetter[],
  options: { reader: RecordReader; now: number; worker: string },
): Promise<ReplayResult> {
  const result = { counted: 0, rejected: 0, cut: 0 };
  const tally = tallyInput();
  for (const letter of letters) {
    if (letter.size > Buffer.byteLength(letter.body) * 2) {
      result.cut++;
      continue;
    }
    const decoded = options.reader.decode(
      Buffer.from(letter.body),
      options.now,
      // The time of the source is not stored; this one is close to it, and the same each time.
      letter.inserted_at * 1000,
    );
    const rows = new BatchRows();
    const { topic, partition, offset } = letter;
    const again = { topic, partition, offset, part: letter.part };
    if (decoded.kind !== 'ok' || decoded.records.length === 0 || (decoded.rejected ?? []).length > 0) {
      result.rejected++;
      if (decoded.kind === 'skip') rows.skip(decoded.reason);
      else {
        const { reason, detail } = decoded.kind === 'reject' ? decoded : (decoded.rejected?.[0] ?? nothing);
        rows.reject(reason, detail, letter.body, letter.size, again);
      }
      tally.add({ rows, records: 1 });
      continue;
    }
    // One message can hold several, and a topic that was created again has the same offsets: only the text
    // distinguishes them.
    const digest = recordDigest(Buffer.from(`${letter.part}:${letter.body}`));
    decoded.records.forEach((record, part) =>
      rows.add(record, dimensionSets.of(record), failureOf(record), { topic, partition, offset, part }),
    );
    for (const field of decoded.dropped ?? []) rows.drop(field);
    const { counted, failed, first_ts, last_ts } = rows.totals;
    const entry = {
      topic,
      partition,
      incarnation: 0,
      kind: 'replay' as const,
      from: offset,
      to: offset + 1,
      counted,
      failed,
      skipped: 0,
      dead: 0,
      holes: 0,
      extra: 0,
      first_ts,
      last_ts,
      days: rows.days(),
      dropped: rows.dropped,
      topic_id: '',
      last_digest: digest,
      worker: options.worker,
      detail: `was ${letter.reason}`,
      names: null,
    };
    await writeInserts(
      store,
      batchInserts(rows.bodies(), entry, `replay:${topic}:${partition}:${offset}:${digest}`),
    );
    result.counted += counted;
    tally.add({ rows, records: 1 });
  }
  return { ...result, input: tally.report() };
}
