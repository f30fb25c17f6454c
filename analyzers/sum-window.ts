import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { CountRange } from '../store/queries/count-range.ts';
import { readCountSums, readRowCount, type SumTable, sumTables } from '../store/queries/count-sums.ts';
import { type SumDimension } from '../store/queries/count-measures.ts';
import type { Store } from '../store/store.ts';
import { columnOf, identityKey, identityOf, type CountedSubjectName } from './identity.ts';
import type { OrgCounts, RowRange } from './org-counts.ts';
import { PartFinder } from './parts.ts';
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
/**
 * A coarse reading becomes full again only if it then fills at most this part of the memory. Otherwise it would soon be
 * coarse again.
 */
const ROOMY = 0.8;
/** After a longer gap everything is read again, in pieces: the missed rows at once could take too much memory. */
const READ_ANEW_SECONDS = 300;

/**
 * The counts of one reading, which is what one `Reads` asks for, kept from one step to the next. Only intervals that
 * are new or have grown are read. A reading with minutes or hours, or one that did not fit, is read completely once an
 * hour of event time.
 */
class SumWindow {
  readonly subjects = new Map<string, SubjectCounts & { counts: OrgCounts }>();
  readonly #reads: Reads;
  /** Dimensions that are always separated. */
  readonly #kept: readonly SumDimension[];
  readonly #limit: number;
  readonly #dropped = new Set<string>();
  /** Hour of event time in which everything was last read; -1: everything must be read again. */
  #hour = -1;
  /** Number of stored rows in the last complete reading. */
  #rows = 0;
  /** Rows and bytes of the reading with all dimensions, if it did not fit; null: it fits. */
  #full: { rows: number; bytes: number } | null = null;
  /** Start of the counts per 10 s. */
  #fineFrom = 0;
  #to = 0;

  constructor({ reads, kept }: Combined, limit: number) {
    this.#reads = reads;
    this.#kept = kept;
    this.#limit = limit;
  }

  async advance(store: Store, span: { from: number; to: number }, grown: readonly number[]): Promise<void> {
    const { fine, minutes = 0, hours = 0 } = this.#reads;
    const longest = Math.max(fine, minutes, hours);
    // No identity needs any counts.
    if (longest === 0) return;
    const hour = Math.floor(span.from / HOUR);
    const isFineOnly = longest === fine && this.#full === null && this.#dropped.size === 0;
    const goesOn = this.#hour === hour || (isFineOnly && this.#hour !== -1 && this.bytes <= this.#limit);
    if (goesOn && span.to >= this.#to && span.to - this.#to <= READ_ANEW_SECONDS) {
      if (isFineOnly) this.#fineFrom = floor(span.from - fine, 60);
      const begin = Math.max(this.#fineFrom, this.#to);
      await this.#read(store, 'request_counts', { from: begin, to: span.to });
      const again = grown.filter((ts) => ts >= this.#fineFrom && ts < begin);
      const [first] = again;
      if (first !== undefined) {
        const end = (again.at(-1) ?? first) + COUNT_INTERVAL_SECONDS;
        await this.#read(store, 'request_counts', { from: first, to: end, intervals: again });
      }
      const start = beginOf(this.#reads, span.from, longest);
      for (const [key, { counts }] of this.subjects) {
        counts.dropBefore(start);
        if (counts.isEmpty) this.subjects.delete(key);
      }
    } else {
      await this.#loadFitting(store, span);
    }
    this.#hour = hour;
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

  /** True when only identities are separated, because the rest did not fit. */
  get isCoarse(): boolean {
    return this.#full !== null;
  }

  get #summedUp(): readonly SumDimension[] {
    return this.isCoarse ? this.#reads.by.filter((name) => !this.#kept.includes(name)) : [];
  }

  get dropped(): ReadonlySet<string> {
    return this.#dropped;
  }

  get bytes(): number {
    return [...this.subjects.values()].reduce((sum, { counts }) => sum + counts.bytes, 0);
  }

  /** Forgets the identities with the fewest counts until the rest fits; they are not judged in this hour. */
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
    // If reading fails halfway, everything is read again.
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

  /**
   * Reads the range in pieces: with a thousand organizations, the answer of one query would take more memory than the
   * counts that are kept.
   */
  async #readAll(store: Store, table: SumTable, range: CountRange): Promise<void> {
    if (range.from >= range.to) return;
    const rows = await readRowCount(store, table, range);
    this.#rows += rows;
    for (const piece of slices(range, Math.ceil(rows / ROWS_AT_ONCE), sumTables[table].seconds))
      await this.#read(store, table, piece);
  }

  async #read(store: Store, table: SumTable, range: CountRange): Promise<void> {
    const { identity, more = [], classes = [] } = this.#reads;
    const by = [...(this.isCoarse ? this.#kept : dimensionsOf(this.#reads)), 'class' as const];
    const block = await readCountSums(store, { ...range, table, by, more, classes });
    const begins = block.runs(identity.map(columnOf));
    const own = new Map<string, RowRange[]>();
    for (let n = 0; n + 1 < begins.length; n++) {
      const from = begins[n] ?? 0;
      const names = identityOf(identity, (column) => block.texts[column].at(from));
      if (names === null) continue;
      const key = identityKey(names);
      const span = { from, to: begins[n + 1] ?? from };
      const list = own.get(key);
      if (list !== undefined) {
        list.push(span);
        continue;
      }
      own.set(key, [span]);
      if (!this.subjects.has(key) && !this.#dropped.has(key))
        this.subjects.set(key, { identity: names, counts: newCounts(names), summed_up: this.#summedUp });
    }
    // An interval that was read before and has no rows now is empty.
    const intervals = range.intervals === undefined ? block.intervals : new Set(range.intervals);
    for (const [key, { counts }] of this.subjects) counts.replace(intervals, block, own.get(key) ?? []);
  }
}

/**
 * The counts that kinds read for themselves. Kinds that separate the same dimensions share a reading, even if their
 * identities differ.
 */
export class SumWindows {
  /** By the `readsKey` of the combined reading. */
  readonly #windows = new Map<string, SumWindow>();
  /** By the `readsKey` of what a kind asks for. */
  readonly #views = new Map<string, { view: () => SubjectsView; window: SumWindow }>();

  /**
   * Brings all readings to `span.to` (epoch seconds); each span follows the one before. `grown` are intervals whose
   * counts have grown. Each reading may take `limit` bytes for each kind that shares it. A reading that does not fit
   * separates only identities; if it still does not fit, it forgets the identities with the fewest counts. Throws
   * `StoreError`; the same call can be made again.
   */
  async advance(
    store: Store,
    span: { from: number; to: number },
    all: readonly Reads[],
    grown: readonly number[],
    limit: number,
  ): Promise<void> {
    const asked = new Map(all.map((reads) => [readsKey(reads), reads]));
    for (const key of this.#views.keys()) if (!asked.has(key)) this.#views.delete(key);
    const combined = combine([...asked.values()]);
    const keys = new Set(combined.map(({ reads }) => readsKey(reads)));
    for (const key of this.#windows.keys()) if (!keys.has(key)) this.#windows.delete(key);
    for (const one of combined) {
      const key = readsKey(one.reads);
      let window = this.#windows.get(key);
      if (window === undefined)
        this.#windows.set(key, (window = new SumWindow(one, limit * one.members.length)));
      for (const member of one.members) this.#addView(member, one.reads, window);
      await window.advance(store, span, grown);
    }
  }

  #addView(member: Reads, { identity }: Reads, window: SumWindow): void {
    const key = readsKey(member);
    if (this.#views.get(key)?.window === window) return;
    const { subjects } = window;
    if (member.identity.length === identity.length) {
      this.#views.set(key, { view: () => subjects, window });
      return;
    }
    const parts = new PartFinder(subjects, member.identity);
    this.#views.set(key, { view: () => parts.view(), window });
  }

  of(reads: Reads): SubjectsView {
    return this.#views.get(readsKey(reads))?.view() ?? new Map();
  }

  /**
   * Organizations that a kind cannot judge in full, because its reading did not fit. Keyed by `orgKey`; identities of
   * several organizations by their own key.
   */
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

/** Readings that are read as one. */
interface Combined {
  reads: Reads;
  members: readonly Reads[];
  /** Dimensions that stay separate when memory is short: the dimensions of the identities of all members. */
  kept: readonly SumDimension[];
}

/** Combines readings that separate the same dimensions, if the identity of one is the beginning of the others. */
function combine(all: readonly Reads[]): Combined[] {
  const groups: [Reads, ...Reads[]][] = [];
  for (const reads of all.toSorted((a, b) => a.identity.length - b.identity.length)) {
    const group = groups.find(
      ([base]) => separationKey(base) === separationKey(reads) && isPart(reads.identity, base.identity),
    );
    if (group === undefined) groups.push([reads]);
    else group.push(reads);
  }
  return groups.map((members) => {
    const [base] = members;
    const most = (name: 'fine' | 'minutes' | 'hours'): number =>
      Math.max(...members.map((reads) => reads[name] ?? 0));
    return {
      reads: {
        ...base,
        more: [...new Set(members.flatMap(({ more = [] }) => more))],
        fine: most('fine'),
        minutes: most('minutes'),
        hours: most('hours'),
      },
      members,
      kept: [...new Set(members.flatMap(({ identity }) => identity.map(columnOf)))],
    };
  });
}

/**
 * Whether an identity can be found in the rows of a shorter one. Rows do not name provider and organization, so these
 * must be in the shorter one.
 */
function isPart(names: readonly CountedSubjectName[], whole: readonly CountedSubjectName[]): boolean {
  const rest = names.slice(whole.length);
  return (
    whole.every((name, i) => name === names[i]) && rest.every((name) => name !== 'provider' && name !== 'org')
  );
}

function separationKey(reads: Reads): string {
  return JSON.stringify([dimensionsOf(reads).sort(), reads.classes ?? []]);
}

/** The part of an identity's key that names the organization. */
function organizationKey(key: string): string {
  const end = key.indexOf('\n', key.indexOf('\n') + 1);
  return end === -1 ? key : key.slice(0, end);
}

function floor(time: number, grid: number): number {
  return Math.floor(time / grid) * grid;
}
