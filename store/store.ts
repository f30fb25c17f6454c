import type { DiskGuard } from './disk-guard.ts';
import type { EngineSession } from './engine-session.ts';
import type { Columns } from './native-answer.ts';

/** A connection to the embedded engine or to a server, with the same interface. Errors are `StoreError`. */
export interface Store {
  readonly kind: 'embedded' | 'server';
  readonly database: string;
  /** Name of the cluster whose tables are Replicated and Distributed; empty: a single server. */
  readonly cluster: string;
  /** HTTP address or data directory, for messages. */
  readonly where: string;
  /**
   * Rows of a SELECT (without FORMAT). `params` are the values of `{name:Type}` placeholders. 64-bit numbers are
   * returned as numbers.
   */
  query<Row>(sql: string, params?: Record<string, unknown>, bounds?: QueryBounds): Promise<Row[]>;
  /** The same as columns, for many rows. Texts are `String` or `LowCardinality(String)`. */
  columns(sql: string, params?: Record<string, unknown>, bounds?: QueryBounds): Promise<Columns>;
  /** A statement without a result: DDL, ALTER, INSERT SELECT. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /** Resolves only when the rows are stored. An insert that is repeated with the same token is stored once. */
  insert(insert: Insert): Promise<void>;
  /** Only for the embedded engine: direct access for statements of other programs. */
  readonly engine?: Engine;
  close(): Promise<void>;
}

/**
 * How long a query may take. In the embedded engine, queries with bounds run in sessions of their own, so that nothing else
 * waits behind them.
 */
export interface QueryBounds {
  /** The engine stops the query after so many seconds. */
  seconds: number;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** The embedded engine. Errors are the engine's own: `Code: 60. DB::Exception: …`. */
export interface Engine {
  /** Opens a session in the store's directory, in under a millisecond. The settings of a session end with it. */
  openSession(): EngineSession;
  /** Runs an insert that does not use `EngineSession.insert`. Throws code 243 when the disk is nearly full. */
  guard: DiskGuard['insert'];
}

export interface Insert {
  table: string;
  columns: readonly string[];
  /** TabSeparated when absent. */
  format?: 'TabSeparated' | 'Native';
  body: Buffer;
  /** Deduplication token: a table stores rows with the same token once. */
  token: string;
  /** The Kafka partition of the rows: on a cluster they all go to one shard. */
  home?: { topic: string; partition: number };
}

export interface StoreOptions {
  /** HTTP address of a server; empty: the embedded engine at `path`. */
  url: string;
  path: string;
  database: string;
  user: string;
  password: string;
  cluster: string;
  /** Longest time for one statement on a server, ms. */
  timeoutMs?: number;
  /** Called with one line that says what the embedded engine set aside when it was opened. */
  notice?: (line: string) => void;
}
