import { readMarked } from '../../store/queries/reclassify-counts.ts';
import { readBlocksSince, type UnitRow, writeUnit } from '../../store/queries/reclassify-runs.ts';
import {
  deleteMoved,
  insertMoved,
  readMoved,
  readStaged,
  type StagedError,
} from '../../store/queries/reclassify-staged.ts';
import { type CountTable, countTables } from '../../store/queries/reconcile.ts';
import type { Store } from '../../store/store.ts';
import { countDeltas, deltaRows } from './count-deltas.ts';
import { ReclassifyError } from './reclassify-error.ts';

/** The token of an insert is relied on only until this many blocks were stored after it; tables remember 30,000. */
const REMEMBERED_BLOCKS = 20_000;

/**
 * Makes the planned changes of a unit, first of the counts, then of the events, starting with the first step that is
 * not done. Each step can run again, so another process may have stopped at any point. `check` throws when this process
 * may no longer write. Throws `StoreError` and `ReclassifyError`.
 */
export async function applyUnit(store: Store, unit: UnitRow, check: () => Promise<void>): Promise<void> {
  const staged = await readStaged(store, unit);
  let reached = unit;
  const reach = async (step: 2 | 3): Promise<void> => {
    reached = { ...reached, step };
    await writeUnit(store, reached);
  };
  if (reached.step === 1) {
    await check();
    await applyCounts(store, unit, staged);
    await reach(2);
  }
  if (reached.step === 2) {
    await check();
    if ((await readMoved(store, unit)) < staged.length)
      await insertMoved(store, staged, `${tokenOf(unit)}:events`);
    await deleteMoved(store, unit);
    await reach(3);
  }
}

async function applyCounts(store: Store, unit: UnitRow, staged: readonly StagedError[]): Promise<void> {
  const { tables } = unit;
  if (tables.length === 0 || countDeltas(staged, 'request_counts').length === 0) return;
  const mark = `(${tokenOf(unit)})`;
  // Rows of the finest table reach the coarser tables through views, under the same token.
  const isFine = tables.includes('request_counts');
  const reached: readonly CountTable[] = isFine ? countTables : tables;
  const marked = await readMarked(store, reached, mark, unit);
  if (marked.length === reached.length) return;
  // An insert is complete in each table that has it. A process may have stopped between two tables; then the insert is
  // repeated under its token, which adds it only to the tables that lack it.
  if (isFine && marked.length > 0 && (await readBlocksSince(store, unit)) > REMEMBERED_BLOCKS)
    throw new ReclassifyError(
      'half_in',
      `the correction of ${new Date(unit.from * 1000).toISOString()} is in ${marked.join(' and ')} only, and it is too long ago to be repeated safely: restore the other tables of counts, or delete the rows of subclass ${JSON.stringify(mark)} and of that time`,
    );
  for (const table of isFine ? (['request_counts'] as const) : tables) {
    if (!isFine && marked.includes(table)) continue;
    await store.insert({
      table,
      ...deltaRows(countDeltas(staged, table), table, mark),
      token: tokenOf(unit),
    });
  }
}

function tokenOf({ run, from }: UnitRow): string {
  return `reclassify:${run}:${from}`;
}
