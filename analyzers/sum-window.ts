import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { CountRange } from '../store/queries/count-series.ts';
import {
  readCountSums,
  readRowCount,
  type SumSeries,
  type SumTable,
  sumTables,
} from '../store/queries/count-sums.ts';
import type { Store } from '../store/store.ts';
import { identityKey, identityOf } from './identity.ts';
import { ROWS_AT_ONCE, slices } from './read-history.ts';
import {
  beginOf,
  dimensionsOf,
  newCounts,
  type Reads,
  readsKey,
  type SubjectCounts,
  type SubjectsView,
} from './reads.ts';

const HOUR = 3_600;
/** It is read in full again where it would fit into this part of the memory: what just fits will soon not. */
const ROOMY = 0.8;

/**
 * The counts of one reading, kept from one step to the next. Once an hour of event time everything is read: hours,
 * minutes, and counts per 10 s since. Between these only intervals that are new or have grown are.
 */
class SumWindow {
  readonly subjects = new Map<string, SubjectCounts>();
  readonly #reads: Reads;
  readonly #limit: number;
  readonly #dropped = new Set<string>();
  #hour = -1;
  /** Stored rows that the last loading read, and what they took where it did not fit. */
  #rows = 0;
  #full: { rows: number; bytes: number } | null = null;
  /** Begin of the counts per 10 s. */
  #fineFrom = 0;
  #to = 0;

  constructor(reads: Reads, limit: number) {
    this.#reads = reads;
    this.#limit = limit;
  }

  async advance(store: Store, span: { from: number; to: number }, grown: readonly number[]): Promise<void> {
    const hour = Math.floor(span.from / HOUR);
    if (hour === this.#hour && span.to >= this.#to) {
      const begin = Math.max(this.#fineFrom, this.#to);
      await this.#read(store, 'request_counts', { from: begin, to: span.to });
      const again = grown.filter((ts) => ts >= this.#fineFrom && ts < begin);
      const [first] = again;
      if (first !== undefined) {
        const end = (again.at(-1) ?? first) + COUNT_INTERVAL_SECONDS;
        await this.#read(store, 'request_counts', { from: first, to: end, intervals: again });
      }
      const { fine, minutes = 0, hours = 0 } = this.#reads;
      const start = beginOf(this.#reads, span.from, Math.max(fine, minutes, hours));
      for (const { counts } of this.subjects.values()) counts.dropBefore(start);
    } else {
      await this.#loadFitting(store, span);
      this.#hour = hour;
    }
    this.#to = span.to;
  }

  async #loadFitting(store: Store, span: { from: number; to: number }): Promise<void> {
    await this.#load(store, span);
    const full = this.#full;
    if (full !== null && (full.bytes * this.#rows) / full.rows <= ROOMY * this.#limit) {
      this.#full = null;
      await this.#load(store, span);
    }
    if (!this.isCoarse && this.bytes > this.#limit) {
      this.#full = { rows: Math.max(1, this.#rows), bytes: this.bytes };
      await this.#load(store, span);
    }
    if (this.bytes > this.#limit) this.#dropSmallest();
  }

  /** True when only identities are told apart, because all else did not fit. */
  get isCoarse(): boolean {
    return this.#full !== null;
  }

  get dropped(): ReadonlySet<string> {
    return this.#dropped;
  }

  get bytes(): number {
    return [...this.subjects.values()].reduce((sum, { counts }) => sum + counts.bytes, 0);
  }

  /** Forgets the identities with the least counts until the rest fits; for this hour they are not judged. */
  #dropSmallest(): void {
    let bytes = this.bytes;
    const bySize = [...this.subjects].sort(
      (a, b) => a[1].counts.bytes - b[1].counts.bytes || (a[0] < b[0] ? -1 : 1),
    );
    for (const [key, { counts }] of bySize) {
      if (bytes <= this.#limit) return;
      bytes -= counts.bytes;
      this.subjects.delete(key);
      this.#dropped.add(key);
    }
  }

  async #load(store: Store, { from, to }: { from: number; to: number }): Promise<void> {
    const { fine, minutes = 0, hours = 0 } = this.#reads;
    // If it fails in between, everything is read again.
    this.#hour = -1;
    this.subjects.clear();
    this.#dropped.clear();
    this.#rows = 0;
    this.#fineFrom = floor(from - fine, 60);
    const hoursTo = floor(from - Math.max(minutes, fine), HOUR);
    const minutesFrom = hours > 0 ? hoursTo : minutes > 0 ? floor(from - minutes, 60) : this.#fineFrom;
    if (hours > 0)
      await this.#readAll(store, 'request_counts_1h', { from: floor(from - hours, HOUR), to: hoursTo });
    await this.#readAll(store, 'request_counts_1m', { from: minutesFrom, to: this.#fineFrom });
    await this.#readAll(store, 'request_counts', { from: this.#fineFrom, to });
  }

  /** In pieces: of a thousand organizations the answer of one query would take more memory than what is kept of it. */
  async #readAll(store: Store, table: SumTable, range: CountRange): Promise<void> {
    if (range.from >= range.to) return;
    const rows = await readRowCount(store, table, range);
    this.#rows += rows;
    for (const piece of slices(range, Math.ceil(rows / ROWS_AT_ONCE), sumTables[table].seconds))
      await this.#read(store, table, piece);
  }

  async #read(store: Store, table: SumTable, range: CountRange): Promise<void> {
    const { identity, more = [], classes = [] } = this.#reads;
    const by = dimensionsOf({ identity, by: this.isCoarse ? [] : this.#reads.by });
    const series = await readCountSums(store, { ...range, table, by, more, classes });
    const own = new Map<string, SumSeries[]>();
    for (const one of series) {
      const names = identityOf(identity, one);
      if (names === null) continue;
      const key = identityKey(names);
      const list = own.get(key);
      if (list !== undefined) {
        list.push(one);
        continue;
      }
      own.set(key, [one]);
      if (!this.subjects.has(key) && !this.#dropped.has(key))
        this.subjects.set(key, { identity: names, counts: newCounts(names), is_coarse: this.isCoarse });
    }
    for (const [key, { counts }] of this.subjects) {
      const list = own.get(key) ?? [];
      // An interval that was read before and has nothing now is empty.
      const intervals = new Set(range.intervals ?? list.flatMap(({ ts }) => ts));
      if (intervals.size > 0) counts.replace(intervals, list);
    }
  }
}

/** The counts that kinds read for themselves. Kinds that read the same share it. */
export class SumWindows {
  readonly #windows = new Map<string, SumWindow>();

  /**
   * Brings all to `span.to` (epoch seconds); spans follow each other. `grown` are intervals whose counts are more than they were.
   * Each may take `limit` bytes: one that does not fit tells
   * only identities apart, and then forgets the smallest. Throws `StoreError`; the same call can be made again.
   */
  async advance(
    store: Store,
    span: { from: number; to: number },
    all: readonly Reads[],
    grown: readonly number[],
    limit: number,
  ): Promise<void> {
    const asked = new Map(all.map((reads) => [readsKey(reads), reads]));
    for (const key of this.#windows.keys()) if (!asked.has(key)) this.#windows.delete(key);
    for (const [key, reads] of asked) {
      let window = this.#windows.get(key);
      if (window === undefined) this.#windows.set(key, (window = new SumWindow(reads, limit)));
      await window.advance(store, span, grown);
    }
  }

  of(reads: Reads): SubjectsView {
    return this.#windows.get(readsKey(reads))?.subjects ?? new Map();
  }

  /** Organizations that are not judged in full by a kind, because its reading did not fit. By `orgKey`; where it is of several: by what it is of. */
  short(): { coarse: Set<string>; left_out: Set<string> } {
    const coarse = new Set<string>();
    const leftOut = new Set<string>();
    for (const { isCoarse, subjects, dropped } of this.#windows.values()) {
      if (isCoarse) for (const key of subjects.keys()) coarse.add(organizationKey(key));
      for (const key of dropped) leftOut.add(organizationKey(key));
    }
    return { coarse, left_out: leftOut };
  }

  get bytes(): number {
    return [...this.#windows.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** Of the key of an identity. */
function organizationKey(key: string): string {
  const end = key.indexOf('\n', key.indexOf('\n') + 1);
  return end === -1 ? key : key.slice(0, end);
}

function floor(time: number, grid: number): number {
  return Math.floor(time / grid) * grid;
}
