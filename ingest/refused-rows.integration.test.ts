import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/error.ts';
import { migrate } from '../store/migrate.ts';
import { BatchRows } from './rows/batch-rows.ts';
import { excludeRefusedRows } from './refused-rows.ts';

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  store = await openEmbedded(directory);
  await migrate(store);
  await store.command("ALTER TABLE error_events ADD CONSTRAINT no_bad CHECK code != 'bad'");
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

/** Remembers which rows are removed. */
class Recorder extends BatchRows {
  refused: number[] = [];
  override refuse(rows: ReadonlySet<number>): void {
    this.refused = [...rows];
  }
}

async function search(on: Store, codes: readonly string[], tenant: readonly string[] = []) {
  const rows = new Recorder();
  const body = Buffer.from(
    codes.map((code) => `${['1795392000.000', code, ...tenant].join('\t')}\n`).join(''),
  );
  const columns = ['ts', 'code', ...(tenant.length === 0 ? [] : ['tenant'])];
  const answer = await excludeRefusedRows(
    on,
    { table: 'error_events', columns, body, token: 't' },
    rows,
    'refused',
  );
  return { answer, refused: rows.refused };
}

const codes = ['good', 'bad', 'good', 'good'];

test('a row that the table refuses is found, and the probe table is dropped afterwards', async () => {
  expect(await search(store, codes)).toEqual({ answer: true, refused: [1] });
  const left = await store.query("SELECT name FROM system.tables WHERE name LIKE 'error_events_probe%'");
  expect(left).toEqual([]);
});

test('a row is still found after a column was added to the table', async () => {
  await store.command('ALTER TABLE error_events ADD COLUMN tenant String');
  expect(await search(store, codes, ['x'])).toEqual({ answer: true, refused: [1] });
});

test('a row is found when an earlier search was killed before it dropped its table', async () => {
  let dropped = 0;
  const cutOff: Store = {
    ...store,
    command: async (sql, params) => {
      if (sql.startsWith('DROP') && ++dropped === 2) throw new StoreError('unreachable', 'gone');
      return store.command(sql, params);
    },
  };
  expect(await search(cutOff, codes, ['x'])).toEqual({ answer: true, refused: [] });
  await store.command('ALTER TABLE error_events ADD COLUMN region_code String');
  expect(await search(store, codes, ['x'])).toEqual({ answer: true, refused: [1] });
});

test('no row is blamed when another search of the same batch drops the probe table', async () => {
  let inserts = 0;
  const disturbed: Store = {
    ...store,
    insert: async (insert) => {
      if (++inserts === 2) await store.command(`DROP TABLE ${insert.table}`);
      return store.insert(insert);
    },
  };
  expect(await search(disturbed, codes, ['x'])).toEqual({ answer: true, refused: [] });
});

test('when every row is refused the table is to blame, and no row is removed', async () => {
  expect(await search(store, ['bad', 'bad'], ['x'])).toEqual({ answer: false, refused: [] });
});
