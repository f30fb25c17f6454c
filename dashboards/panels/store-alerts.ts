import { type AlertRule, incidentRules, placeOf } from './alerts.ts';

/** What every rule about faultline's own parts has in common. */
const own = {
  kind: 'pipeline',
  class: 'other',
  runbook: 'incidents.md#pipeline',
  numbers: [],
  hold: '',
  verdict: 'Who must act: whoever runs faultline. Nothing is known of the API.',
} as const;

/**
 * A store that does not answer Grafana is no incident of the API, and none of the rules of incidents may say so: they
 * keep their state, and this one speaks, by failing itself.
 */
const storeUnreachable: AlertRule = {
  ...own,
  uid: 'faultline-store-unreachable',
  title: 'ClickHouse does not answer Grafana',
  ...placeOf('newest-request'),
  // Never above the threshold: it fires by having no answer.
  sql: `SELECT 'ClickHouse' AS part, toFloat64(count() < 0) AS firing FROM incidents FINAL WHERE started_at >= $__fromTime`,
  lookBack: 3_600,
  threshold: 0.5,
  pending: 120,
  whenSilent: 'Alerting',
  severity: 'warning',
  summary:
    'ClickHouse has not answered Grafana for two minutes: incidents that begin or end now are not seen here, and what fires keeps firing.',
  number: '',
  remedy:
    'See whether ClickHouse runs, and whether the user, password and address of the data source are right (Connections, Data sources, ClickHouse, Save and test). The analyzers go on by themselves; their own notifications do not need Grafana.',
};

/** Seconds without a word of any worker. They speak every few seconds, also when there is nothing to read. */
const SILENT_SECONDS = 180;

const workersSilent: AlertRule = {
  ...own,
  uid: 'faultline-workers-silent',
  title: 'No worker reports',
  ...placeOf('partitions'),
  // Without any report there are no workers with Kafka here: a file is read by a process that one sees.
  sql: `SELECT 'workers' AS part, toFloat64(if(count() = 0, 0, dateDiff('second', max(at), $__toTime))) AS silent_seconds
FROM ingest_state`,
  lookBack: 600,
  threshold: SILENT_SECONDS,
  pending: 60,
  whenSilent: 'KeepLast',
  severity: 'critical',
  summary:
    'No worker has reported for more than three minutes: nothing is counted, and incidents are not seen.',
  number: `Last word {{ humanizeDuration $values.A.Value }} ago.`,
  remedy:
    'See whether the workers run (docker compose ps, their log, /readyz) and whether they reach ClickHouse. What waits in Kafka is counted when they go on, as long as the topic keeps it.',
};

/** Part of the records of a topic that may be dead letters. */
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
    'faultline dead-letters list shows reason and sample. Mend the mapping or the sender, then faultline dead-letters replay counts what was put aside.',
};

/** The rules about faultline itself, which no analyzer can judge: it may be the one that is away. */
export const storeRules: readonly AlertRule[] = [storeUnreachable, workersSilent, deadLetters];

/** Every alert rule. */
export const alertRules: readonly AlertRule[] = [...incidentRules, ...storeRules];
