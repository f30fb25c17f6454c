import { callerDimensions } from '../../domain/count-row.ts';
import { requestClassNames } from '../../domain/error-class.ts';
import { nativeRecord, rejectReasons } from '../../domain/request-log.ts';
import { transientServerCodes } from '../../store/error.ts';

/**
 * Values of a label: a closed list; or the partitions that the worker has, of which at most PARTITION_SERIES have
 * series of their own.
 */
export type LabelValues = readonly string[] | 'partitions';

export interface Metric {
  kind: 'counter' | 'gauge' | 'histogram';
  labels: Readonly<Record<string, LabelValues>>;
  help: string;
  /** Upper bounds of a histogram. */
  buckets?: readonly number[];
}

/**
 * How many partitions have series of their own. All other partitions share one series, with `other` for topic and
 * partition.
 */
export const PARTITION_SERIES = 200;

/** The work that a worker spends its time on. */
export const stages = [
  'fold',
  'announce',
  'insert_error_events',
  'insert_request_counts',
  'insert_dead_letters',
  'insert_ingest_batches',
  'write',
  'store_wait',
  'broker_wait',
  'rebalance',
] as const;
export type WorkerStage = (typeof stages)[number];

/** Why an insert was sent again: no answer, ClickHouse's name of a transient error, or anything else. */
export const insertErrors = ['UNREACHABLE', ...new Set(Object.values(transientServerCodes)), 'OTHER'];

export const partitionStates = ['held', 'starting', 'paused', 'halted'] as const;
export const healthStates = ['ok', 'degraded', 'not_ready'] as const;
export type HealthState = (typeof healthStates)[number];

const perPartition = { topic: 'partitions', partition: 'partitions' } as const;
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** All metrics of a worker; a test compares `docs/metrics.md` with them. Counters start at zero with the process. */
export const metrics = {
  faultline_records_read_total: {
    kind: 'counter',
    labels: {},
    help: 'Kafka messages or lines that were decoded, classified and counted into a batch. A record that is read again counts again.',
  },
  faultline_bytes_read_total: {
    kind: 'counter',
    labels: {},
    help: 'Size of the values of these records after decompression.',
  },
  faultline_requests_total: {
    kind: 'counter',
    labels: { class: requestClassNames },
    help: 'Requests in stored batches, by class; all classes except `ok` are failures. Replayed ranges are included, whether ClickHouse had stored them before or not.',
  },
  faultline_dead_letters_total: {
    kind: 'counter',
    labels: { reason: rejectReasons },
    help: 'Records, or requests of a record, that went to `dead_letters`.',
  },
  faultline_folded_requests_total: {
    kind: 'counter',
    labels: { dimension: callerDimensions },
    help: 'Requests that are counted under `(other)` in a dimension, because their value is beyond `names.most`.',
  },
  faultline_skipped_total: {
    kind: 'counter',
    labels: {},
    help: 'Records that hold no request and add no row: tombstones, messages about something else.',
  },
  faultline_dropped_fields_total: {
    kind: 'counter',
    labels: { field: Object.keys(nativeRecord.shape) },
    help: 'Fields of counted records whose value could not be used; they were left out.',
  },
  faultline_lost_records_total: {
    kind: 'counter',
    labels: {},
    help: 'Offsets that Kafka had deleted before they were read; the ledger lists the ranges.',
  },
  faultline_lag_records: {
    kind: 'gauge',
    labels: perPartition,
    help: 'Offsets from the last stored record to the end of the log as last seen. `other`: the sum.',
  },
  faultline_lag_seconds: {
    kind: 'gauge',
    labels: perPartition,
    help: 'Age of the newest request of the oldest batch that is not stored yet, by event time. When waiting records have not been read yet, age of the newest stored request. 0 when no record waits. `other`: the greatest.',
  },
  faultline_watermark_timestamp_seconds: {
    kind: 'gauge',
    labels: perPartition,
    help: 'Event time (epoch) of the newest request that this worker has stored. It is for people; analyzers do not use it. `other`: the oldest.',
  },
  faultline_batch_records: {
    kind: 'histogram',
    labels: {},
    help: 'Records per stored batch.',
    buckets: [1, 10, 100, 500, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000, 400_000],
  },
  faultline_batch_bytes: {
    kind: 'histogram',
    labels: {},
    help: 'Bytes read per stored batch.',
    buckets: [1e3, 1e4, 1e5, 5e5, 1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6, 128e6],
  },
  faultline_batch_age_seconds: {
    kind: 'histogram',
    labels: {},
    help: 'Time from the arrival of the first record of a batch until the batch is stored.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 30, 60, 300],
  },
  faultline_stage_seconds: {
    kind: 'histogram',
    labels: { stage: stages },
    help: 'Time by stage: `fold` (decode, classify, count one chunk), `announce`, the insert per table, `write` (from the announcement to the last insert of a batch, waiting included), `store_wait` and `broker_wait` (pauses between two tries), `rebalance` (without an assignment).',
    buckets: seconds,
  },
  faultline_insert_retries_total: {
    kind: 'counter',
    labels: { error: insertErrors },
    help: 'Statements that ClickHouse did not accept and that are sent again, with the same token.',
  },
  faultline_broker_retries_total: {
    kind: 'counter',
    labels: {},
    help: 'Commits and requests for offsets that Kafka did not answer and that are sent again.',
  },
  faultline_replayed_ranges_total: {
    kind: 'counter',
    labels: {},
    help: 'Ranges that were announced before this worker had the partition, and that it sent again with the same boundaries and token.',
  },
  faultline_replayed_records_total: {
    kind: 'counter',
    labels: {},
    help: 'Records in these ranges. ClickHouse refuses those that it had already stored, so they count once.',
  },
  faultline_ledger_refused_ranges_total: {
    kind: 'counter',
    labels: {},
    help: 'Announced ranges that were not sent again, because the ledger shows that they are stored.',
  },
  faultline_store_duplicate_blocks_total: {
    kind: 'counter',
    labels: {},
    help: "Blocks that ClickHouse refused as duplicates since it started: its own `DuplicatedInsertedBlocks`, rollups included, from all of the server's clients. Absent when the user may not read `system.events`.",
  },
  faultline_rebalances_total: {
    kind: 'counter',
    labels: {},
    help: 'Assignments received from the group, the first one included.',
  },
  faultline_partitions: {
    kind: 'gauge',
    labels: { state: partitionStates },
    help: 'Partitions of this worker. `held`: all; `starting`: where to start is being decided; `paused`: reading waits; `halted`: ClickHouse rejects the rows.',
  },
  faultline_held_bytes: {
    kind: 'gauge',
    labels: {},
    help: 'Estimated memory of rows that are not stored yet.',
  },
  faultline_loop_age_seconds: {
    kind: 'gauge',
    labels: {},
    help: "Time since the worker's loop last ran; it runs every 0.05 s.",
  },
  faultline_health: {
    kind: 'gauge',
    labels: { state: healthStates },
    help: '1 for the state that `/readyz` returns, 0 for the others.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
type NamesOf<Kind extends Metric['kind']> = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];
export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;
/** A value for each label of a metric. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<keyof (typeof metrics)[Name]['labels'], string>
>;
