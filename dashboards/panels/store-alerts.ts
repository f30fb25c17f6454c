import { type AlertRule, incidentRules, placeOf } from './alerts.ts';

/** What all rules about faultline itself have in common. */
const own = {
  kind: 'pipeline',
  class: 'other',
  runbook: 'incidents/pipeline.md',
  numbers: [],
  hold: '',
  verdict: 'Who must act: whoever runs faultline. This says nothing about the API.',
} as const;

/**
 * When the store does not answer Grafana, that is not an incident of the API. The rules of incidents must not fire
 * then: they keep their state, and this rule fires, because its own query fails.
 */
const storeUnreachable: AlertRule = {
  ...own,
  uid: 'faultline-store-unreachable',
  title: 'ClickHouse does not answer Grafana',
  ...placeOf('newest-request'),
  // The value is never above the threshold. The rule fires only when the query gets no answer.
  sql: `SELECT 'ClickHouse' AS part, toFloat64(count() < 0) AS firing FROM incidents FINAL WHERE started_at >= $__fromTime`,
  lookBack: 3_600,
  threshold: 0.5,
  pending: 120,
  whenSilent: 'Alerting',
  severity: 'warning',
  summary:
    'ClickHouse has not answered Grafana for two minutes: incidents that start or end now do not appear here, and firing alerts keep firing.',
  number: '',
  remedy:
    'Check that ClickHouse runs, and that the user, password and address of the data source are right (Connections, Data sources, ClickHouse, Save and test). The analyzers continue by themselves; their own notifications do not need Grafana.',
};

/** Seconds without a report of any worker. Workers report every 10 s, also when there is nothing to read. */
const SILENT_SECONDS = 180;

const workersSilent: AlertRule = {
  ...own,
  uid: 'faultline-workers-silent',
  title: 'No worker reports',
  ...placeOf('partitions'),
  // If no worker ever reported, none reads Kafka here: a file is read, and its user sees whether the process runs.
  sql: `SELECT 'workers' AS part, toFloat64(if(count() = 0, 0, dateDiff('second', max(at), $__toTime))) AS silent_seconds
FROM ingest_state`,
  lookBack: 600,
  threshold: SILENT_SECONDS,
  pending: 60,
  whenSilent: 'KeepLast',
  severity: 'critical',
  summary:
    'No worker has reported for more than three minutes: nothing is counted, and incidents are not detected.',
  number: `Last report {{ humanizeDuration $values.A.Value }} ago.`,
  remedy:
    'Check that the workers run (docker compose ps, their log, /readyz) and that they reach ClickHouse. Records that wait in Kafka are counted when the workers run again, if the topic still has them.',
};

/** Share of the records of a topic that may be dead letters. */
const DEAD_SHARE = 0.01;

const deadLetters: AlertRule = {
  ...own,
  uid: 'faultline-dead-letters',
  title: 'Records cannot be decoded',
  ...placeOf('dead-letters'),
  sql: `SELECT toString(topic) AS topic, toFloat64(sum(dead) / greatest(1, sum(counted + skipped + dead))) AS dead_share
FROM ingest_batches WHERE $__timeFilter(inserted_at) GROUP BY topic
UNION ALL
SELECT 'none', toFloat64(0)`,
  lookBack: 900,
  threshold: DEAD_SHARE,
  pending: 60,
  whenSilent: 'KeepLast',
  severity: 'warning',
  summary: 'Records of topic {{ $labels.topic }} cannot be decoded: the format of the logs has changed.',
  number: '{{ humanizePercentage $values.A.Value }} of the records of the last 15 minutes are dead letters.',
  remedy:
    'faultline dead-letters list shows reasons and samples. Correct the mapping or the sender; faultline dead-letters replay then counts these records.',
};

/** The rules about faultline itself. No analyzer can judge these, because the analyzer itself may be down. */
export const storeRules: readonly AlertRule[] = [storeUnreachable, workersSilent, deadLetters];

/** Every alert rule. */
export const alertRules: readonly AlertRule[] = [...incidentRules, ...storeRules];
