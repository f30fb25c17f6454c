import { type BrokerFacts, type Difference, type Proof, reconcile } from '../ingest/reconcile.ts';
import { openKafkaAdmin } from '../ingest/sources/kafka.ts';
import type { Store } from '../store/connect.ts';
import {
  type LedgerRow,
  readLedger,
  readRepeated,
  readRowCounts,
  readTotals,
} from '../store/queries/reconcile.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './errors.ts';
import { kafkaLog } from './log-events.ts';
import { openReader } from './open-reader.ts';

export interface ReconcileOptions {
  topic?: string;
  json?: boolean;
}

/** Proves the counts and prints what was compared; exit code 1 when anything differs. */
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
  const ledger = await readLedger(store, null);
  const broker = await askKafka(ledger, topic, context);
  const rows = [];
  const repeated = [];
  for (const table of ['error_events', 'dead_letters'] as const) {
    for (const row of await readRowCounts(store, table, null)) rows.push({ table, ...row });
    for (const row of await readRepeated(store, table, null)) repeated.push({ table, ...row });
  }
  const totals = await readTotals(store);
  const proof = reconcile({ ledger, broker, rows, repeated, totals, now: context.now() / 1000 });
  if (topic === null) return proof;
  // Sums of the counts are over all topics; everything else is of the topic asked for.
  const concerns = (difference: Difference): boolean =>
    difference.topic === topic || difference.topic === '*';
  return {
    ...proof,
    partitions: proof.partitions.filter((partition) => partition.topic === topic),
    differences: proof.differences.filter(concerns),
  };
}

/** Topics that are files, pipes or the demo have no broker to ask. */
const localTopic = /^(file:|stdin#|demo#|dead-letters#)/;

async function askKafka(
  ledger: readonly LedgerRow[],
  topic: string | null,
  context: CommandContext,
): Promise<BrokerFacts[]> {
  const known = new Set(ledger.map((row) => row.topic).filter((name) => !localTopic.test(name)));
  if (topic !== null && !localTopic.test(topic)) known.add(topic);
  const topics = [...known].filter((name) => topic === null || name === topic);
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
    context.out(
      `${p.topic}/${p.partition}${again}  [${p.from}, ${p.to}) = ${p.counted} counted + ${p.dead} dead + ${p.skipped} skipped + ${p.holes} holes${lag}`,
    );
  }
  for (const note of proof.notes) context.out(`note: ${note}`);
  for (const d of proof.differences) {
    const range = d.from === null ? '' : ` [${d.from}, ${d.to})`;
    context.out(
      `DIFFERENCE ${d.kind} ${d.topic}${d.partition === null ? '' : `/${d.partition}`}${range}: ${d.what}`,
    );
  }
  const verdict =
    proof.differences.length === 0
      ? 'exact: every record is counted once, dead or skipped'
      : `${proof.differences.length} differences`;
  context.out(proof.partitions.length === 0 ? 'nothing has been ingested yet' : verdict);
}
