import type { DiskGuard } from './disk-guard.ts';
import { asFile } from './engine-file.ts';

/** A session runs one statement at a time. After a failure it must not be used again. */
export interface EngineSession {
  /** Runs a statement. `format` is the format of the answer when the statement names none. */
  run(sql: string, format?: string): Promise<EngineAnswer>;
  /**
   * Inserts bytes in a format that the engine parses. `settings` hold for this insert only. `rows` is 0 for `Native`.
   */
  insert(insert: EngineInsert): Promise<{ rows: number; bytes: number; seconds: number }>;
  close(): void;
}

export interface EngineAnswer {
  bytes: Buffer;
  readRows: number;
  readBytes: number;
  seconds: number;
}

export interface EngineInsert {
  /** Plain names: only letters, digits and _. */
  table: string;
  columns: readonly string[] | null;
  body: Buffer;
  format: (typeof rawFormats)[number];
  settings: Readonly<Record<string, string | number>>;
}

/** Text formats that chdb's own insert accepts. */
const textFormats = [
  'TabSeparated',
  'TSV',
  'TabSeparatedWithNames',
  'TSVWithNames',
  'CSV',
  'CSVWithNames',
  'JSONEachRow',
  'JSONCompactEachRow',
] as const;
type TextFormat = (typeof textFormats)[number];

/** Formats in which a session accepts rows. */
export const rawFormats = [...textFormats, 'Native'] as const;

/** The part of chdb's session that is used. */
interface RawSession {
  queryAsync(
    sql: string,
    options: { format: string },
  ): Promise<{ bytes(): Uint8Array; rowsRead: number; bytesRead: number; elapsed: number }>;
  insert(
    rows: Pick<EngineInsert, 'table' | 'settings'> & {
      columns?: readonly string[];
      values: Buffer;
      format: TextFormat;
    },
  ): Promise<{ rowsWritten: number; bytesWritten: number; elapsed: number }>;
  close(): void;
}

/** Wraps a session of chdb on the data directory `where`: inserts go through the disk guard, and answers are bytes. */
export function asEngineSession(session: RawSession, where: string, guard: DiskGuard): EngineSession {
  return {
    run: async (sql, format = 'TabSeparated') => {
      const answer = await session.queryAsync(sql, { format });
      const bytes = answer.bytes();
      return {
        bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        readRows: answer.rowsRead,
        readBytes: answer.bytesRead,
        seconds: answer.elapsed,
      };
    },
    insert: async (insert) => {
      const { table, columns, body, format, settings } = insert;
      if (format === 'Native') {
        const sql = (query: string) => session.queryAsync(query, { format: 'TabSeparated' });
        const done = await guard.insert(() => insertNative(where, insert, sql));
        return { rows: 0, bytes: insert.body.length, seconds: done.elapsed };
      }
      const names = columns === null ? {} : { columns };
      const done = await guard.insert(() =>
        session.insert({ table, ...names, ...afterComment({ body, format, settings }) }),
      );
      return { rows: done.rowsWritten, bytes: done.bytesWritten, seconds: done.elapsed };
    },
    close: () => session.close(),
  };
}

/**
 * Inserts Native rows from a file at `where`, because chdb's own insert accepts only text formats. `run` runs a
 * statement. Throws the engine's error.
 */
export async function insertNative<Answer>(
  where: string,
  { table, columns, settings, body }: Omit<EngineInsert, 'format'>,
  run: (sql: string) => Promise<Answer>,
): Promise<Answer> {
  const into = columns === null ? table : `${table} (${columns.join(', ')})`;
  const pairs = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`);
  for (const name of [table, ...(columns ?? []), ...Object.keys(settings)])
    if (!/^\w+$/.test(name))
      throw new Error(`Code: 62. DB::Exception: ${name} is not a plain name (SYNTAX_ERROR)`);
  const after = pairs.length === 0 ? '' : ` SETTINGS ${pairs.join(', ')}`;
  return asFile(where, body, (file) =>
    run(`INSERT INTO ${into} FROM INFILE '${file}' COMPRESSION 'none'${after} FORMAT Native`),
  );
}

function quoted(value: string | number): string {
  return `'${String(value).replaceAll(/[\\']/g, '\\$&')}'`;
}

/**
 * Puts an open SQL comment before the rows. The engine splits the whole insert into SQL words before it parses the
 * rows, which takes half as long as the parsing; a comment that does not end is a single word. A setting makes the
 * format skip this first line.
 */
export function afterComment({
  body,
  format,
  settings,
}: Pick<EngineInsert, 'body' | 'settings'> & { format: TextFormat }) {
  const skips = 'input_format_tsv_skip_first_lines';
  if ((format !== 'TabSeparated' && format !== 'TSV') || skips in settings || body.length === 0)
    return { values: body, format, settings };
  return { values: Buffer.concat([openComment, body]), format, settings: { ...settings, [skips]: 1 } };
}

const openComment = Buffer.from('/*\n');
