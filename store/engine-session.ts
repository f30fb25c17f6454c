import type { DiskGuard } from './disk-guard.ts';

/** A session runs one statement at a time; after a failure it is of no further use. */
export interface EngineSession {
  /** The answer in `format` where the statement names none. */
  run(sql: string, format?: string): Promise<EngineAnswer>;
  /** Bytes in a text format, parsed by the engine; `settings` are those of this insert alone. */
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
  /** Plain names: letters, digits and _. */
  table: string;
  columns: readonly string[] | null;
  body: Buffer;
  format: (typeof rawFormats)[number];
  settings: Readonly<Record<string, string | number>>;
}

/** Formats whose bytes the engine takes as they are. */
export const rawFormats = [
  'TabSeparated',
  'TSV',
  'TabSeparatedWithNames',
  'TSVWithNames',
  'CSV',
  'CSVWithNames',
  'JSONEachRow',
  'JSONCompactEachRow',
] as const;

/** What of chdb's session is used. */
interface RawSession {
  queryAsync(
    sql: string,
    options: { format: string },
  ): Promise<{ bytes(): Uint8Array; rowsRead: number; bytesRead: number; elapsed: number }>;
  insert(
    rows: Omit<EngineInsert, 'columns' | 'body'> & { columns?: readonly string[]; values: Buffer },
  ): Promise<{ rowsWritten: number; bytesWritten: number; elapsed: number }>;
  close(): void;
}

/** A session of chdb as ours: its inserts are guarded, its answers are bytes. */
export function asEngineSession(session: RawSession, guard: DiskGuard): EngineSession {
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
    insert: async ({ table, columns, ...rows }) => {
      const names = columns === null ? {} : { columns };
      const done = await guard.insert(() => session.insert({ table, ...names, ...afterComment(rows) }));
      return { rows: done.rowsWritten, bytes: done.bytesWritten, seconds: done.elapsed };
    },
    close: () => session.close(),
  };
}

/**
 * The engine reads all of an insert as words of SQL before it parses the rows, which takes half as long as the parsing.
 * A comment that does not end is one word. To the format it is a first line to be skipped.
 */
export function afterComment({ body, format, settings }: Pick<EngineInsert, 'body' | 'format' | 'settings'>) {
  const skips = 'input_format_tsv_skip_first_lines';
  if ((format !== 'TabSeparated' && format !== 'TSV') || skips in settings || body.length === 0)
    return { values: body, format, settings };
  return { values: Buffer.concat([openComment, body]), format, settings: { ...settings, [skips]: 1 } };
}

const openComment = Buffer.from('/*\n');
