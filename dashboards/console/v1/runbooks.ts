import { readFile } from 'node:fs/promises';

const docs = new URL('../../../docs/', import.meta.url);

/**
 * Reads a page below `docs/` (`errors/slow_down.md`) as Markdown; null when the pages are not installed. The path comes
 * from faultline's own tables, never from a client.
 */
export async function readRunbook(path: string): Promise<string | null> {
  return path === '' ? null : await readFile(new URL(path, docs), 'utf8').catch(() => null);
}
