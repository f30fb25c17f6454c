import type { CountRow } from '../../domain/count-row.ts';
import type { Store } from '../../store/connect.ts';
import { tsvRow } from '../../store/tsv.ts';

const columns = [
  'ts',
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'class',
  'subclass',
  'requests',
  'retries',
  'useless_retries',
  'input_tokens',
  'output_tokens',
  'cost_usd',
] as const;

/** Stores counts as a worker does; equal tokens are stored once. */
export async function insertCounts(store: Store, rows: readonly CountRow[], token: string): Promise<void> {
  const body = Buffer.from(rows.map((row) => tsvRow(columns.map((name) => row[name]))).join(''));
  await store.insert({ table: 'request_counts', columns, body, token });
}
