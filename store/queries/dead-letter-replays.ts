import type { Insert, Store } from '../store.ts';
import { tsvRow } from '../tsv.ts';

/**
 * The state of a batch of dead letters: `announced` before its inserts, `stored` after them, `refused` when ClickHouse
 * rejected its first insert and so none of its rows is stored, `left` when nobody can know whether its counts are
 * stored.
 */
export type ReplayState = 'announced' | 'stored' | 'refused' | 'left';

/** A batch of dead letters that are counted together, as it was announced. */
export interface AnnouncedReplay {
  number: number;
  holder: string;
  letters: number;
  /** Everything that the batch adds, in the order in which it is inserted. */
  inserts: readonly Insert[];
}

/** The newest announced batch. */
export interface LastReplay extends AnnouncedReplay {
  state: ReplayState;
  /**
   * About how many blocks were added to a table since the announcement. Each block has a token, and a table forgets its
   * oldest tokens. So after many blocks it may have forgotten the tokens of this batch.
   */
  blocks_since: number;
}

const columns = ['number', 'state', 'holder', 'letters', 'inserts'] as const;

/** The batch with the highest number; null when none was ever announced. Throws `StoreError`. */
export async function readLastReplay(store: Store): Promise<LastReplay | null> {
  const [row] = await store.query<Omit<LastReplay, 'inserts'> & { inserts: string }>(
    `SELECT r.number AS number, argMax(r.state, r.state != 'announced') AS state, anyIf(r.holder, r.state = 'announced') AS holder,
       anyIf(r.letters, r.state = 'announced') AS letters, if(state = 'announced', anyIf(r.inserts, r.state = 'announced'), '') AS inserts,
       (SELECT sum(greatest(1, length(b.days))) FROM ingest_batches AS b WHERE b.inserted_at >= (
         SELECT min(a.at) FROM dead_letter_replays AS a WHERE a.number = (SELECT max(m.number) FROM dead_letter_replays AS m))) AS blocks_since
     FROM dead_letter_replays AS r WHERE r.number = (SELECT max(n.number) FROM dead_letter_replays AS n) GROUP BY number`,
  );
  return row === undefined ? null : { ...row, inserts: row.inserts === '' ? [] : parseInserts(row.inserts) };
}

/**
 * Announces a batch, with its number as token. When several processes announce the same number at once, only the first
 * row is stored, so the caller must read the row back to see who announced it. Throws `StoreError`.
 */
export async function announceReplay(store: Store, replay: AnnouncedReplay): Promise<void> {
  await write(store, { ...replay, state: 'announced' });
}

/** Stores how an announced batch ended. Throws `StoreError`. */
export async function endReplay(
  store: Store,
  number: number,
  state: Exclude<ReplayState, 'announced'>,
): Promise<void> {
  await write(store, { number, state, holder: '', letters: 0, inserts: [] });
}

/** Deletes the announcements of ended batches, because they hold the texts of errors. Throws `StoreError`. */
export async function forgetReplays(store: Store): Promise<void> {
  await store.command('OPTIMIZE TABLE dead_letter_replays FINAL');
}

async function write(store: Store, row: AnnouncedReplay & { state: ReplayState }): Promise<void> {
  const inserts = row.inserts.length === 0 ? '' : formatInserts(row.inserts);
  const values = { ...row, inserts };
  const body = Buffer.from(tsvRow(columns.map((name) => values[name])));
  const token = row.state === 'announced' ? `replay:${row.number}` : `replay:${row.number}:end`;
  await store.insert({ table: 'dead_letter_replays', columns, body, token });
}

function formatInserts(inserts: readonly Insert[]): string {
  return JSON.stringify(inserts.map((one) => ({ ...one, body: one.body.toString('base64') })));
}

function parseInserts(text: string): Insert[] {
  const inserts = JSON.parse(text) as (Omit<Insert, 'body'> & { body: string })[];
  return inserts.map((one) => ({ ...one, body: Buffer.from(one.body, 'base64') }));
}
