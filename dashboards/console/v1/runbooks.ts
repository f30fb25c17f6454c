import { readFile } from 'node:fs/promises';

const docs = new URL('../../../docs/', import.meta.url);

/**
 * Reads a page below `docs/` (`errors/slow_down.md`) or one section of it (`incidents.md#pipeline`) as Markdown; null
 * when the pages are not installed. The path comes from faultline's own tables, never from a client.
 */
export async function readRunbook(path: string): Promise<string | null> {
  const [file = '', section] = path.split('#');
  if (file === '') return null;
  const page = await readFile(new URL(file, docs), 'utf8').catch(() => null);
  return page === null || section === undefined ? page : sectionOf(page, section);
}

/** The section under the heading with this anchor; the whole page when there is none. Pure. */
export function sectionOf(page: string, anchor: string): string {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && anchorOf(line) === anchor);
  if (start < 0) return page;
  const depth = depthOf(lines[start] ?? '');
  const end = lines.findIndex((line, i) => i > start && depthOf(line) > 0 && depthOf(line) <= depth);
  return lines
    .slice(start, end < 0 ? undefined : end)
    .join('\n')
    .trimEnd();
}

function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .trim()
    .replaceAll(' ', '-');
}

function depthOf(line: string): number {
  return /^(?<marks>#+) /.exec(line)?.groups?.['marks']?.length ?? 0;
}
