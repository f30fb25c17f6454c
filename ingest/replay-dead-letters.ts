import { StoreError } from '../store/error.ts';
import {
  type AnnouncedReplay,
  announceReplay,
  endReplay,
  forgetReplays,
  readLastReplay,
} from '../store/queries/dead-letter-replays.ts';
import {
  type DeadLetterFilter,
  type LetterPlace,
  readDeadPartitions,
  readOpenLetters,
} from '../store/queries/dead-letters.ts';
import type { Store } from '../store/store.ts';
import { writeInserts } from '../store/write-batch.ts';
import { letterInserts, type ReadableLetter, readLetter } from './dead-letter-batch.ts';
import { type InputReport, tallyInput } from './input-report.ts';
import type { RecordReader } from './read-record.ts';

export interface LetterReplayOptions {
  reader: RecordReader;
  /** Epoch ms. */
  now: number;
  /** Unique name of this process, which is also in the ledger. */
  worker: string;
  /** True: dead letters are read, but nothing is counted. */
  dryRun?: boolean;
  /** The place after which to begin; absent or null: begins with the first dead letter. */
  after?: LetterPlace | null;
  /** Called after each page with the number of requests counted so far; the run ends when it returns true. */
  isEnough?: (counted: number) => boolean;
}

export interface ReplayResult {
  /** Requests that were counted; in a dry run, requests that would be counted. */
  counted: number;
  /** Dead letters that still cannot be decoded, that hold no request, or whose rows the store refuses. */
  rejected: number;
  /** Dead letters whose whole text is not stored, so that they cannot be decoded. */
  cut: number;
  /** Dead letters of a run that was interrupted so long ago that it is unknown whether they were counted. */
  in_doubt: number;
  /** The place from which to continue; null: all were read. */
  next: LetterPlace | null;
  /** What happened to the dead letters that were decoded again. */
  input: InputReport;
}

/** A store remembers the tokens of 30,000 blocks; the difference is a margin of safety. */
const REMEMBERED_BLOCKS = 20_000;

/**
 * Decodes dead letters again and counts those that can be decoded now. Each is counted once, even if several processes
 * do this at the same time or one of them is killed (docs/decisions/0047). For this purpose a batch of dead letters is
 * announced under the next number before it is inserted, and a new batch is announced only when the last one is stored.
 * Throws `StoreError`.
 */
export async function replayDeadLetters(
  store: Store,
  filter: DeadLetterFilter,
  options: LetterReplayOptions,
): Promise<ReplayResult> {
  const { reader, now, worker, dryRun = false, after = null, isEnough = () => false } = options;
  const result = { counted: 0, rejected: 0, cut: 0, in_doubt: 0 };
  const tally = tallyInput();
  let next: LetterPlace | null = null;
  // A batch that an earlier run left is stored even when no dead letter can be read again.
  if (!dryRun) result.in_doubt += (await finishLast(store)).in_doubt;
  for (const partition of await readDeadPartitions(store, filter, after)) {
    const isFirst = after?.topic === partition.topic && after.partition === partition.partition;
    let place: LetterPlace | null = isFirst ? after : null;
    for (;;) {
      // The number is read before the letters. If another process announces a batch after that, the batch takes the
      // number of this one, and these letters are read again.
      const last = dryRun ? null : await finishLast(store);
      result.in_doubt += last?.in_doubt ?? 0;
      const page = await readOpenLetters(store, partition, filter, place);
      const read = page.letters.map((letter) => readLetter(letter, reader, now));
      const readable = read.filter((one) => one.kind === 'readable');
      const { counted, isLost } =
        last === null
          ? { counted: readable, isLost: false }
          : await countLetters(store, readable, last.number, worker);
      for (const one of read) {
        const isCounted = one.kind === 'readable' && counted.includes(one);
        // After a lost number, the letters that are not counted are read again.
        if (isLost && !isCounted) continue;
        if (one.kind === 'cut') result.cut++;
        else if (isCounted) result.counted += one.rows.totals.counted;
        else result.rejected++;
        if (isCounted || one.kind === 'unreadable') tally.add({ rows: one.rows, records: 1 });
      }
      if (isLost) continue;
      place = page.next;
      if (place === null || isEnough(result.counted)) break;
    }
    next = place;
    if (next !== null) break;
  }
  if (result.counted > 0 && !dryRun && store.cluster === '') await forgetReplays(store);
  return { ...result, next, input: tally.report() };
}

/**
 * Counts dead letters of one partition, and returns those that the store accepts. `last` is the number of the last
 * batch, read before these letters. `isLost`: another process took the next number, so the letters that are not counted
 * must be read again.
 */
async function countLetters(
  store: Store,
  letters: readonly ReadableLetter[],
  last: number,
  worker: string,
): Promise<{ counted: readonly ReadableLetter[]; isLost: boolean }> {
  if (letters.length === 0) return { counted: [], isLost: false };
  // On a cluster, replicas could disagree on which number is the last one. So each dead letter gets a token of its own.
  if (store.cluster !== '') {
    for (const one of letters) {
      const { topic, partition, offset, digest } = one.letter;
      const token = `replay:${topic}:${partition}:${offset}:${digest}`;
      await writeInserts(store, letterInserts([one], token, worker));
    }
    return { counted: letters, isLost: false };
  }
  const taken: ReadableLetter[] = [];
  let number = last + 1;
  const outcome = await storeNext(store, letters, number, worker);
  if (outcome !== 'refused' || letters.length === 1)
    return { counted: outcome === 'stored' ? letters : [], isLost: outcome === 'lost' };
  // The store refuses at least one of the rows. Each dead letter is tried alone, so that the others are counted.
  for (const one of letters) {
    const each = await storeNext(store, [one], ++number, worker);
    if (each === 'lost') return { counted: taken, isLost: true };
    if (each === 'stored') taken.push(one);
  }
  return { counted: taken, isLost: false };
}

type LetterOutcome = 'stored' | 'refused' | 'lost';

/** Announces a batch and stores it. `lost`: another process took its number. */
async function storeNext(
  store: Store,
  letters: readonly ReadableLetter[],
  number: number,
  worker: string,
): Promise<LetterOutcome> {
  const inserts = letterInserts(letters, `dead-letters:${number}`, worker);
  await announceReplay(store, { number, holder: worker, letters: letters.length, inserts });
  const announced = await readLastReplay(store);
  if (announced === null || announced.number !== number || announced.holder !== worker) return 'lost';
  return storeAnnounced(store, announced);
}

/** Stores an announced batch; a repetition changes nothing. `refused`: the store accepts none of its rows. */
async function storeAnnounced(
  store: Store,
  { number, inserts }: AnnouncedReplay,
): Promise<'stored' | 'refused'> {
  for (const [at, insert] of inserts.entries()) {
    try {
      await store.insert(insert);
    } catch (error) {
      const isRefused = error instanceof StoreError && error.code === 'refused';
      if (!isRefused || at > 0) throw error;
      await endReplay(store, number, 'refused');
      return 'refused';
    }
  }
  await endReplay(store, number, 'stored');
  return 'stored';
}

/**
 * Stores the last batch if the process that announced it did not. When too many blocks have been stored since then,
 * ClickHouse may have forgotten the tokens of the batch, and a repetition could count it twice. Then only its ledger
 * rows are stored. So its dead letters are never counted again, and `reconcile` reports the counts if they are missing.
 */
async function finishLast(store: Store): Promise<{ number: number; in_doubt: number }> {
  const last = await readLastReplay(store);
  if (last === null) return { number: 0, in_doubt: 0 };
  const { number, state, letters, inserts } = last;
  if (state !== 'announced') return { number, in_doubt: 0 };
  if (last.blocks_since <= REMEMBERED_BLOCKS) {
    await storeAnnounced(store, last);
    return { number, in_doubt: 0 };
  }
  await writeInserts(store, inserts.slice(-1));
  await endReplay(store, number, 'left');
  return { number, in_doubt: letters };
}
