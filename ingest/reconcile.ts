import { decodeCommit } from './protocol.ts';
import { type Committed, type PartitionId, partitionKey } from './sources/source.ts';
import type { LedgerRow, OffsetCount, TableTotal } from '../store/queries/reconcile.ts';

/** What Kafka says of one partition. */
export interface BrokerFacts extends PartitionId, Committed {
  earliest: number;
  latest: number;
}

export interface Facts {
  ledger: readonly LedgerRow[];
  broker: readonly BrokerFacts[];
  rows: { table: 'error_events' | 'dead_letters'; topic: string; partition: number; n: number }[];
  repeated: readonly (OffsetCount & { table: string })[];
  totals: readonly TableTotal[];
  /** Epoch seconds. */
  now: number;
}

/** `gap` and `overlap` carry the exact range; `lost` is a gap that the worker found and recorded. */
export interface Difference {
  kind: 'gap' | 'overlap' | 'lost' | 'sum' | 'rows' | 'repeated' | 'rollup';
  topic: string;
  partition: number | null;
  from: number | null;
  to: number | null;
  what: string;
}

export interface PartitionProof extends PartitionId {
  incarnation: number;
  from: number;
  to: number;
  counted: number;
  failed: number;
  skipped: number;
  dead: number;
  holes: number;
  /** Records in Kafka that are not read yet; null where there is no Kafka. */
  lag: number | null;
}

export interface Proof {
  partitions: PartitionProof[];
  differences: Difference[];
  /** What could not be compared, and why. */
  notes: string[];
}

const DAY = 86_400;
/** Tables forget by event time; a day of margin covers the time until the parts really go. */
const retentionDays: Readonly<Record<string, number>> = {
  request_counts: 7,
  request_counts_1m: 90,
  request_counts_1h: 3 * 365,
  error_events: 30,
  dead_letters: 30,
};

/** Compares offsets, ledger and tables: announced = counted + dead + skipped, no gap, no overlap. Pure. */
export function reconcile(facts: Facts): Proof {
  const chains = groupBy(
    facts.ledger.filter((row) => row.kind !== 'replay'),
    (row) => `${partitionKey(row)}:${row.incarnation}`,
  );
  const partitions: PartitionProof[] = [];
  const differences: Difference[] = [];
  const notes: string[] = [];
  for (const chain of chains.values()) {
    const last = chain.at(-1);
    if (last === undefined) continue;
    differences.push(...chainDifferences(chain));
    partitions.push(summarise(chain, last));
  }
  for (const broker of facts.broker) differences.push(...brokerDifferences(broker, partitions));
  differences.push(...tableDifferences(facts, notes));
  for (const { table, topic, partition, offset, n } of facts.repeated) {
    differences.push({
      kind: 'repeated',
      topic,
      partition,
      from: offset,
      to: offset + 1,
      what: `${n} equal rows in ${table}`,
    });
  }
  return { partitions, differences, notes };
}

function chainDifferences(chain: readonly LedgerRow[]): Difference[] {
  const found: Difference[] = [];
  let end: number | null = null;
  for (const row of chain) {
    const at = { topic: row.topic, partition: row.partition };
    if (end !== null && row.from > end)
      found.push({ kind: 'gap', ...at, from: end, to: row.from, what: 'no batch holds these offsets' });
    if (end !== null && row.from < end) {
      found.push({
        kind: 'overlap',
        ...at,
        from: row.from,
        to: Math.min(end, row.to),
        what: 'two batches hold these offsets',
      });
    }
    end = Math.max(end ?? row.to, row.to);
    if (row.kind === 'lost') {
      found.push({
        kind: 'lost',
        ...at,
        from: row.from,
        to: row.to,
        what: 'deleted in Kafka before they were read',
      });
      continue;
    }
    const accounted = row.counted + row.skipped + row.dead + row.holes - row.extra;
    if (accounted === row.to - row.from) continue;
    found.push({
      kind: 'sum',
      ...at,
      from: row.from,
      to: row.to,
      what: `${row.to - row.from} offsets announced, ${accounted} accounted for`,
    });
  }
  return found;
}

function summarise(chain: readonly LedgerRow[], last: LedgerRow): PartitionProof {
  const sum = (field: 'counted' | 'failed' | 'skipped' | 'dead' | 'holes'): number =>
    chain.reduce((total, row) => total + row[field], 0);
  return {
    topic: last.topic,
    partition: last.partition,
    incarnation: last.incarnation,
    from: chain[0]?.from ?? 0,
    to: Math.max(...chain.map((row) => row.to)),
    counted: sum('counted'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    dead: sum('dead'),
    holes: sum('holes'),
    lag: null,
  };
}

function brokerDifferences(broker: BrokerFacts, partitions: PartitionProof[]): Difference[] {
  const own = partitions.filter((p) => partitionKey(p) === partitionKey(broker));
  const newest = own.reduce<PartitionProof | null>(
    (best, p) => (best === null || p.incarnation > best.incarnation ? p : best),
    null,
  );
  const at = { topic: broker.topic, partition: broker.partition };
  const commit = decodeCommit(broker.offset, broker.metadata);
  if (newest === null) {
    if (commit === null || commit.offset <= broker.earliest) return [];
    return [
      {
        kind: 'gap',
        ...at,
        from: broker.earliest,
        to: commit.offset,
        what: 'acknowledged in Kafka, but the ledger does not know them',
      },
    ];
  }
  newest.lag = Math.max(0, broker.latest - newest.to);
  if (commit === null || commit.incarnation !== newest.incarnation || commit.offset <= newest.to) return [];
  return [
    {
      kind: 'gap',
      ...at,
      from: newest.to,
      to: commit.offset,
      what: 'acknowledged in Kafka, but the ledger does not know them',
    },
  ];
}

function tableDifferences(facts: Facts, notes: string[]): Difference[] {
  const oldest = facts.ledger.reduce((least, row) => Math.min(least, row.first_ts ?? least), facts.now);
  const keeps = (table: string): boolean => {
    const days = retentionDays[table] ?? 0;
    if (oldest > facts.now - (days - 1) * DAY) return true;
    notes.push(`${table} keeps ${days} days and the ledger reaches further back: not compared`);
    return false;
  };
  const found: Difference[] = [];
  const counted = facts.ledger.reduce((sum, row) => sum + row.counted, 0);
  for (const { table, requests } of facts.totals) {
    if (!keeps(table) || requests === counted) continue;
    const what = `${table} holds ${requests} requests, the ledger ${counted}`;
    found.push({ kind: 'rollup', topic: '*', partition: null, from: null, to: null, what });
  }
  for (const [table, field] of [
    ['error_events', 'failed'],
    ['dead_letters', 'dead'],
  ] as const) {
    if (!keeps(table)) continue;
    const stored = new Map(
      facts.rows.filter((row) => row.table === table).map((row) => [partitionKey(row), row.n]),
    );
    for (const [key, rows] of groupBy(facts.ledger, partitionKey)) {
      const expected = rows.reduce((sum, row) => sum + row[field], 0);
      const n = stored.get(key) ?? 0;
      stored.delete(key);
      if (n === expected) continue;
      const { topic, partition } = rows[0] ?? { topic: key, partition: 0 };
      found.push({
        kind: 'rows',
        topic,
        partition,
        from: null,
        to: null,
        what: `${table} holds ${n} rows, the ledger ${expected}`,
      });
    }
    for (const [key, n] of stored) {
      found.push({
        kind: 'rows',
        topic: key,
        partition: null,
        from: null,
        to: null,
        what: `${table} holds ${n} rows that no batch of the ledger holds`,
      });
    }
  }
  return found;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
