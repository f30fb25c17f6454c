import { isKafkaTopic } from '../../domain/topic.ts';
import { horizonsOf } from '../../ingest/reconcile-horizons.ts';
import { deadSince } from '../../ingest/reconcile-tables.ts';
import { type BrokerFacts, reconcile } from '../../ingest/reconcile.ts';
import type { Proof } from '../../ingest/reconcile-report.ts';
import { openKafkaAdmin } from '../../ingest/sources/kafka.ts';
import type { Store } from '../../store/store.ts';
import {
  readBrokenLinks,
  readLedgerCounts,
  readLedgerEndsByDay,
  readLedgerFailed,
  readLedgerFailures,
  readLedgerSums,
  readLedgerTopics,
  readStoredCounts,
  readStoredFailures,
  readUnspread,
} from '../../store/queries/reconcile.ts';
import { readLedgerDead, readRepeated, readStoredDead } from '../../store/queries/reconcile-rows.ts';
import { readForgetting } from '../../store/retention.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { kafkaLog } from '../telemetry/log-events.ts';
import { openReader } from '../needs/open-reader.ts';

export interface ReconcileOptions {
  topic?: string;
  json?: boolean;
}

/** Proves the counts and prints the comparison; exit code 1 when anything differs. */
export async function run(options: ReconcileOptions, context: CommandContext): Promise<number> {
  const store = await openReader(context);
  try {
    const proof = await prove(store, options.topic ?? null, context);
    if (options.json === true) context.out(JSON.stringify(proof));
    else print(proof, context);
    return proof.differences.length === 0 ? EXIT.ok : EXIT.found;
  } finally {
    await store.close();
  }
}

async function prove(store: Store, topic: string | null, context: CommandContext): Promise<Proof> {
  const { now, tables: forgetting } = await readForgetting(store);
  const horizons = horizonsOf(forgetting, now);
  const ledgerDays = async () => [
    ...(await readLedgerCounts(store, horizons)),
    ...(await readLedgerFailures(store, horizons)),
  ];
  const since = deadSince(horizons);
  // Batches are stored meanwhile, so the order matters: the ledger, the tables, the announcements, and the ledger
  // again.
  const days = { before: await ledgerDays() };
  const dead = { before: await readLedgerDead(store, since) };
  const stored = [...(await readStoredCounts(store)), ...(await readStoredFailures(store))];
  const storedDead = await readStoredDead(store, since, horizons.dead_letters.event);
  const repeated = [];
  for (const table of ['error_events', 'dead_letters'] as const)
    for (const row of await readRepeated(store, table)) repeated.push({ table, ...row });
  // A topic whose first batch is only half stored is known only from its failures.
  const topics = [...(await readLedgerTopics(store)), ...stored.flatMap((day) => day.topic ?? [])];
  const broker = await askKafka(topics, topic, context);
  const proof = reconcile({
    sums: await readLedgerSums(store, horizons.ingest_batches.event),
    endsByDay: await readLedgerEndsByDay(store),
    broken: await readBrokenLinks(store, horizons.ingest_batches.event),
    broker,
    days: { ...days, stored, after: await ledgerDays() },
    dead: { ...dead, stored: storedDead, after: await readLedgerDead(store, since) },
    repeated,
    unspread: await readUnspread(store),
    failed: await readLedgerFailed(store),
    forgetting,
    now,
  });
  if (topic === null) return proof;
  // Sums of counts are over all topics, so their differences stay; everything else is only about the requested topic.
  const concerns = (one: { topic: string }): boolean => one.topic === topic || one.topic === '*';
  return {
    ...proof,
    partitions: proof.partitions.filter(concerns),
    differences: proof.differences.filter(concerns),
    unfinished: proof.unfinished.filter(concerns),
  };
}

async function askKafka(
  storedTopics: readonly string[],
  topic: string | null,
  context: CommandContext,
): Promise<BrokerFacts[]> {
  const known = new Set(storedTopics.filter(isKafkaTopic));
  if (topic !== null && isKafkaTopic(topic)) known.add(topic);
  // Kafka is asked about all topics even if one was requested, because announced rows of the others may be part of the
  // sums over all topics.
  const topics = [...known];
  if (topics.length === 0) return [];
  const admin = await openKafkaAdmin(context.settings.kafka, kafkaLog(context.logger));
  try {
    const existing = new Set(await admin.topics());
    const ids = (
      await Promise.all(topics.filter((name) => existing.has(name)).map((name) => admin.partitions(name)))
    ).flat();
    const [committed, logs] = [await admin.committed(ids), await admin.logOffsets(ids)];
    return ids.map((id, i) => ({
      ...id,
      ...(committed[i] ?? { offset: -1, metadata: null }),
      ...(logs[i] ?? { earliest: 0, latest: 0 }),
    }));
  } finally {
    await admin.close();
  }
}

function print(proof: Proof, context: CommandContext): void {
  for (const p of proof.partitions) {
    const again = p.incarnation === 0 ? '' : ` (incarnation ${p.incarnation})`;
    const lag = p.lag === null ? '' : `, ${p.lag} not read yet`;
    if (p.from === p.to) {
      context.out(`${p.topic}/${p.partition}${again}  [?, ${p.to}) kept by day only${lag}`);
      continue;
    }
    context.out(
      `${p.topic}/${p.partition}${again}  [${p.from}, ${p.to}) = ${p.counted} counted + ${p.dead} dead + ${p.skipped} skipped + ${p.holes} holes${lag}`,
    );
  }
  for (const { topic, partition, from, to } of proof.unfinished)
    context.out(`announced, not finished: ${topic}/${partition} [${from}, ${to})`);
  for (const note of proof.notes) context.out(`note: ${note}`);
  for (const d of proof.differences) {
    const range = d.from === null ? '' : ` [${d.from}, ${d.to})`;
    context.out(
      `DIFFERENCE ${d.kind} ${d.topic}${d.partition === null ? '' : `/${d.partition}`}${range}: ${d.what}`,
    );
  }
  context.out(verdictOf(proof));
}

/** The last line: the result of the proof. */
export function verdictOf({ partitions, differences }: Pick<Proof, 'partitions' | 'differences'>): string {
  if (differences.length > 0) return `${differences.length} difference${differences.length === 1 ? '' : 's'}`;
  return partitions.length === 0
    ? 'nothing has been ingested yet'
    : 'exact: every record is counted once, dead or skipped';
}
