import { bareRules, type Classification } from '../../domain/classification.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { RejectReason, SkipReason } from '../../domain/request-log.ts';
import { tsvRow } from '../../store/tsv.ts';
import type { DayCount, RowBodies } from '../../store/write-batch.ts';
import type { DimensionSet } from './dimension-sets.ts';
import { CountGroups, type Counted } from './count-groups.ts';
import type { KeptNames, NameLimit } from './name-cap.ts';
import { addEventRow, type Position, readEventRow } from './event-row.ts';
import type { Failure } from './judged-error.ts';
import { RowBytes } from './row-bytes.ts';

/** The classification of a request without an error. */
const success: Classification = {
  class: 'ok',
  rule: 'ok',
  generation: '',
  retry: 'no',
  fault: 'unknown',
  subclass: '',
  wait_seconds: null,
};

/** Sums over all records added so far. */
export interface BatchTotals {
  counted: number;
  failed: number;
  dead: number;
  skipped: number;
  /** Requests beyond the first of each message. */
  extra: number;
  first_ts: number | null;
  last_ts: number | null;
}

/** A record that could not be decoded, shown as an example. */
export interface DeadExample extends Position {
  detail: string;
  /** The beginning of the redacted body. */
  text: string;
}

/**
 * Answers with status 429, or with 503, and how many of them have no text that shows the cause. For these it is unknown
 * which of several causes they have.
 */
export interface Answers {
  answers: number;
  /** Answers that only their status could judge. */
  bare: number;
}

/** Length of an example in characters. */
const EXAMPLE = 200;

/** Folds the records of one batch into the rows that the batch adds. */
export class BatchRows {
  readonly totals: BatchTotals = {
    counted: 0,
    failed: 0,
    dead: 0,
    skipped: 0,
    extra: 0,
    first_ts: null,
    last_ts: null,
  };
  readonly rejected = new Map<RejectReason, number>();
  /** The first dead letter of each reason. */
  readonly examples = new Map<RejectReason, DeadExample>();
  readonly skipped = new Map<SkipReason, number>();
  readonly answers429: Answers = { answers: 0, bare: 0 };
  readonly answers503: Answers = { answers: 0, bare: 0 };
  /** What the cap of names changed; null: it was not applied yet. */
  names: NameLimit | null = null;
  /** How many values could not be used, by field. */
  readonly dropped = new Map<string, number>();
  readonly #counts = new CountGroups();
  #events = new RowBytes();
  readonly #dead = new RowBytes();

  /** Approximate size of the rows held, in bytes; memory limits use it. */
  get bytes(): number {
    return this.#counts.bytes + this.#events.length + this.#dead.length;
  }

  /** Adds a success, or a failure, which also becomes an event row. */
  add(record: Counted, dimensionSet: DimensionSet, failure: Failure | null, at: Position): void {
    this.#count(record, dimensionSet, failure === null ? success : failure.classification);
    if (failure === null) return;
    this.totals.failed++;
    this.#countAnswer(record.status, failure.classification.rule, 1);
    addEventRow(this.#events, record, dimensionSet, failure, at);
  }

  addSuccess(record: Counted, dimensionSet: DimensionSet): void {
    this.#count(record, dimensionSet, success);
  }

  /** Adds a record that cannot be decoded; `body` is redacted. */
  reject(reason: RejectReason, detail: string, body: string, size: number, at: Position): void {
    this.totals.dead++;
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    if (!this.examples.has(reason))
      this.examples.set(reason, { ...at, detail, text: body.slice(0, EXAMPLE) });
    this.#dead.add(tsvRow([at.topic, at.partition, at.offset, at.part, reason, detail, body, size]));
  }

  /** Counts a record that is not a request. */
  skip(reason: SkipReason): void {
    this.totals.skipped++;
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  /** Counts a field of a counted record whose value could not be used. */
  drop(field: string): void {
    this.dropped.set(field, (this.dropped.get(field) ?? 0) + 1);
  }

  /**
   * Removes failures whose event rows the store refuses, given by the indexes of these rows, and makes them dead
   * letters.
   */
  refuse(rows: ReadonlySet<number>, detail: string): void {
    const events = this.#events.all()?.toString().split('\n').slice(0, -1) ?? [];
    this.#events = new RowBytes();
    events.forEach((row, i) => {
      if (rows.has(i)) this.#refuse(row, detail);
      else this.#events.add(`${row}\n`);
    });
  }

  /**
   * Counts values beyond the cap under `(other)` and returns these values. Call it once all records are added; later
   * calls change nothing.
   */
  limitNames(kept: KeptNames, most: number): NameLimit {
    this.names = this.#counts.limit(kept, most);
    return this.names;
  }

  /** The rows so far, valid until the next change. */
  bodies(): RowBodies {
    return { counts: this.#counts.rows(), events: this.#events.all(), dead: this.#dead.all() };
  }

  /** Frees the memory at once, before garbage collection would; only the totals remain. */
  free(): void {
    this.#counts.free();
    this.#events.free();
    this.#dead.free();
  }

  /** Requests of each class so far. */
  classes(): Map<RequestClass, number> {
    return this.#counts.classes();
  }

  /** How many requests and failures each day of event time has so far. */
  days(): DayCount[] {
    return this.#counts.days();
  }

  #refuse(row: string, detail: string): void {
    const { counted, dimensions, judged, body, at } = readEventRow(row);
    this.#counts.subtract(counted, dimensions, judged);
    this.#countAnswer(counted.status, judged.rule, -1);
    this.totals.counted--;
    this.totals.failed--;
    this.reject('refused_by_store', detail, body, body.length, at);
  }

  #countAnswer(status: number, rule: string, by: 1 | -1): void {
    // A record may have the status 429 in the text of its error only.
    const is429 = status === 429 || rule === bareRules[429];
    if (!is429 && status !== 503) return;
    const of = is429 ? this.answers429 : this.answers503;
    of.answers += by;
    if (rule === bareRules[is429 ? 429 : 503]) of.bare += by;
  }

  #count(record: Counted, dimensionSet: DimensionSet, judged: Classification): void {
    const { totals } = this;
    totals.counted++;
    if (totals.first_ts === null || record.ts < totals.first_ts) totals.first_ts = record.ts;
    if (totals.last_ts === null || record.ts > totals.last_ts) totals.last_ts = record.ts;
    this.#counts.add(record, dimensionSet, judged);
  }
}
