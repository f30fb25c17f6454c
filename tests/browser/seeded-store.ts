import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbedded } from '../fixtures/embedded-store.ts';
import { migrate } from '../../store/migrate.ts';
import type { Store } from '../../store/store.ts';
import { seedDay, type SeededDay } from './seed.ts';

/** An embedded engine with the seeded day, which ends at `present` (epoch ms). */
export async function openSeededStore(
  present: number,
): Promise<{ store: Store; day: SeededDay; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-console-'));
  const store = await openEmbedded(folder);
  await migrate(store);
  return {
    store,
    day: await seedDay(store, present),
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
