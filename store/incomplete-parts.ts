import { appendFile, glob, readdir, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes the unfinished last line of the engine's token logs; otherwise the engine would append to that line. Must run
 * before the engine is opened on the directory.
 */
export async function mendTokenLogs(where: string): Promise<void> {
  for await (const file of glob('store/*/*/deduplication_logs/*.txt', { cwd: where })) {
    const log = await readFile(path.join(where, file));
    const whole = log.lastIndexOf('\n') + 1;
    if (whole < log.length) await truncate(path.join(where, file), whole);
  }
}

/** A part with incomplete files, which the engine moved aside when the directory was opened. */
interface SetAside {
  database: string;
  table: string;
  /** Such as `all_12_12_0`; level 0 means that an insert wrote it. */
  part: string;
  /** The folder that now holds the part, in `detached` of its table. */
  path: string;
}

const setAside = `SELECT database, table, path,
    concat(partition_id, '_', toString(min_block_number), '_', toString(max_block_number), '_0') AS part
  FROM system.detached_parts WHERE reason = 'broken-on-start' AND level = 0 ORDER BY database, table, part`;

/**
 * Makes the engine forget the tokens of inserts whose part is incomplete, so that it accepts the same rows when they
 * are sent again. (An incomplete merged part needs nothing: the engine returns to the parts that were merged.) Returns
 * the parts whose tokens were forgotten, as `database.table part`. Must run before any other statement.
 */
export async function forgetIncomplete(
  ask: (sql: string, format?: string) => Promise<string>,
): Promise<string[]> {
  const forgotten: string[] = [];
  const answer = await ask(setAside, 'JSONEachRow');
  for (const line of answer.split('\n').filter((text) => text !== '')) {
    const one: SetAside = JSON.parse(line);
    const logs = path.join(path.dirname(one.path), '..', 'deduplication_logs');
    if (!(await forget(logs, one.part))) continue;
    // A table reads its token log only when it is attached.
    for (const verb of ['DETACH', 'ATTACH']) await ask(`${verb} TABLE \`${one.database}\`.\`${one.table}\``);
    forgotten.push(`${one.database}.${one.table} ${one.part}`);
  }
  return forgotten;
}

async function forget(folder: string, part: string): Promise<boolean> {
  const names = (await readdir(folder).catch(() => [])).sort((a, b) => numberOf(a) - numberOf(b));
  const last = names.at(-1);
  if (last === undefined) return false;
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  const lines = dropsFor(texts.join(''), part);
  if (lines !== '') await appendFile(path.join(folder, last), lines);
  return lines !== '';
}

const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0);

/**
 * The lines to append to ClickHouse's token log so that the tokens of a part are dropped. Each line of the log holds
 * `1` (added) or `2` (dropped), the part and the token. Empty when the part has no token.
 */
export function dropsFor(log: string, part: string): string {
  const partOfToken = new Map<string, string>();
  for (const line of log.split('\n')) {
    const [what, name, token] = line.split('\t');
    if (name === undefined || token === undefined) continue;
    if (what === '2') partOfToken.delete(token);
    else partOfToken.set(token, name);
  }
  return [...partOfToken].map(([token, name]) => (name === part ? `2\t${part}\t${token}\n` : '')).join('');
}
