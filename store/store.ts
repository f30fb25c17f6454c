import type { DiskGuard } from './disk-guard.ts';
import type { EngineSession } from './engine-session.ts';
import type { Columns } from './native-answer.ts';

/** A connection to the embedded engine or to a server; the same code for both. Errors are `StoreError`. */
export interface Store {
  readonly kind: 'embedded' | 'server';
  readonly database: string;
  /** Name of the cluster whose tables are Replicated and Distributed; empty: a single server. */
  readonly cluster: string;
  /** Host or directory, for messages. */
  readonly where: string;
  /** Rows of a SELECT (without FORMAT). `{name:Type}` placeholders take `params`. 64-bit numbers come as numbers. */
  query<Row>(sql: string, params?: Record<string, unknown>, bounds?: Bounds): Promise<Row[]>;
  /** The same as columns: for many rows. Texts are `String` or `LowCardinality(String)`. */
  columns(sql: string, params?: Record<string, unknown>, bounds?: Bounds): Promise<Columns>;
  /** A statement without a result: DDL, ALTER, INSERT SELECT. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /** Resolves only when stored. The token makes a repetition count once. */
  insert(insert: Insert): Promise<void>;
  /** Embedded only: the engine beneath, for statements that come from outside. */
  readonly engine?: Engine;
  close(): Promise<void>;
}

/** How long a question may take. Bounded ones have sessions of their own in the embedded engine: nobody else waits behind them. */
export interface Bounds {
  /** The engine breaks it off after so many. */
  seconds: number;
  /** Nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** The embedded engine. Its errors are the engine's own, `Code: 60. DB::Exception: …`. */
export interface Engine {
  /** A session in the store's directory, in under a millisecond; its settings end with it. */
  openSession(): EngineSession;
  /** Runs an insert that comes another way than `EngineSession.insert`. Throws code 243 when the disk is nearly full. */
  guard: DiskGuard['insert'];
}

export interface Insert {
  table: string;
  columns: readonly string[];
  /** TabSeparated unless said otherwise. */
  format?: 'TabSeparated' | 'Native';
  body: Buffer;
  /** insert_deduplication_token: equal tokens are stored once per table. */
  token: string;
  /** The Kafka partition that the rows come from: on a cluster they all go to one shard. */
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
  /** How long one statement may take on a server, ms. */
  timeoutMs?: number;
  /** Told, in one line, what the embedded engine had to set aside when it was opened. */
  notice?: (line: string) => void;
}
