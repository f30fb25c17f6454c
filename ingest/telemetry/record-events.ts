import { StoreError, transientServerCodes } from '../../store/error.ts';
import { partitionKey } from '../partition-id.ts';
import type { WorkerEvents } from '../worker-events.ts';
import type { HealthFacts } from './health.ts';
import { insertErrors, type WorkerStage, stages } from './metrics.ts';
import type { Registry } from './registry.ts';

/** What is kept about the events in addition to the counters. */
export interface Recorded {
  facts: Pick<
    HealthFacts,
    | 'assigned'
    | 'group_since'
    | 'missing_topics'
    | 'store_failing_since'
    | 'store_failed_at'
    | 'store_answered_at'
    | 'broker_failing_since'
    | 'broker_failed_at'
    | 'broker_answered_at'
  >;
  /** Event time of the newest request written, epoch ms, by `partitionKey`; only of partitions held. */
  watermarks: Map<string, number>;
  /** Keys of partitions whose rows the store rejects. */
  halted: Set<string>;
}

/** Turns the events of the worker into metrics and facts: a few additions per chunk and per batch, none per record. */
export function recordEvents(registry: Registry, recorded: Recorded, monotonic: () => number): WorkerEvents {
  const { facts, watermarks, halted } = recorded;
  const stage = (name: WorkerStage, duration: number): void =>
    registry.observe('faultline_stage_seconds', duration / 1000, { stage: name });
  const storeAnswered = (): void => {
    facts.store_failing_since = null;
    facts.store_answered_at = monotonic();
  };
  const brokerAnswered = (): void => {
    facts.broker_failing_since = null;
    facts.broker_answered_at = monotonic();
  };
  return {
    folded(_id, records, bytes, duration) {
      registry.add('faultline_records_read_total', records, {});
      registry.add('faultline_bytes_read_total', bytes, {});
      stage('fold', duration);
      // Commits can fail while reading succeeds.
      facts.broker_answered_at = monotonic();
    },
    announced(duration) {
      stage('announce', duration);
      brokerAnswered();
    },
    inserted(table, duration) {
      const name = stages.find((known) => known === `insert_${table}`);
      if (name !== undefined) stage(name, duration);
    },
    written(id, batch, age, duration) {
      const { skipped, last_ts } = batch.rows.totals;
      for (const [name, requests] of batch.rows.classes())
        registry.add('faultline_requests_total', requests, { class: name });
      for (const [reason, records] of batch.rows.rejected)
        registry.add('faultline_dead_letters_total', records, { reason });
      for (const [dimension, requests] of batch.rows.names?.folded ?? [])
        registry.add('faultline_folded_requests_total', requests, { dimension });
      registry.add('faultline_skipped_total', skipped, {});
      for (const [field, records] of batch.rows.dropped)
        registry.add('faultline_dropped_fields_total', records, { field });
      registry.observe('faultline_batch_records', batch.records, {});
      registry.observe('faultline_batch_bytes', batch.bytes, {});
      registry.observe('faultline_batch_age_seconds', age / 1000, {});
      stage('write', duration);
      if (batch.announced !== null) {
        registry.add('faultline_replayed_ranges_total', 1, {});
        registry.add('faultline_replayed_records_total', batch.records, {});
      }
      const key = partitionKey(id);
      halted.delete(key);
      if (last_ts !== null) watermarks.set(key, Math.max(watermarks.get(key) ?? 0, last_ts));
    },
    storeFailed(_reason, error) {
      registry.add('faultline_insert_retries_total', 1, { error: insertErrorOf(error) });
      facts.store_failed_at = monotonic();
      facts.store_failing_since ??= facts.store_failed_at;
    },
    storeAnswered,
    brokerFailed() {
      registry.add('faultline_broker_retries_total', 1, {});
      facts.broker_failed_at = monotonic();
      facts.broker_failing_since ??= facts.broker_failed_at;
    },
    waited: (until, duration) => stage(`${until}_wait`, duration),
    assigned(partitions) {
      registry.add('faultline_rebalances_total', 1, {});
      if (!facts.assigned) stage('rebalance', monotonic() - facts.group_since);
      const keys = new Set(partitions.map(partitionKey));
      for (const key of watermarks.keys()) if (!keys.has(key)) watermarks.delete(key);
      halted.clear();
      facts.assigned = true;
      facts.group_since = monotonic();
      brokerAnswered();
    },
    revoked() {
      facts.assigned = false;
      facts.group_since = monotonic();
      // The tries that failed were for partitions that another worker has now.
      facts.store_failing_since = null;
      facts.broker_failing_since = null;
    },
    started() {
      storeAnswered();
      brokerAnswered();
    },
    alreadyIn: () => registry.add('faultline_ledger_refused_ranges_total', 1, {}),
    lost: (_id, from, to) => registry.add('faultline_lost_records_total', to - from, {}),
    topicsMissing(topics) {
      facts.missing_topics = topics;
    },
    halted(id) {
      halted.add(partitionKey(id));
      storeAnswered();
    },
  };
}

function insertErrorOf(error: unknown): string {
  if (!(error instanceof StoreError)) return 'OTHER';
  if (error.code === 'unreachable') return 'UNREACHABLE';
  const name = transientServerCodes[error.serverCode] ?? 'OTHER';
  return insertErrors.includes(name) ? name : 'OTHER';
}
