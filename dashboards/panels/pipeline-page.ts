import { incidentKindNames, factsOf } from '../../domain/incident-kind.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { sqlList } from './shared-sql.ts';
import { incidentHistory } from './incidents.ts';
import { runbook, toOverview } from './links.ts';
import { ingestDelay, ingestRecords } from './pipeline.ts';

const links = [runbook('other', 'unclassified errors'), toOverview];

/** The newest report on each partition, if it is at most a day older than the end of the range. */
const STATE = `ingest_state AS s FINAL
WHERE s.at > $__toTime - 86400 AND s.at <= $__toTime`;

const behind: Panel = {
  slug: 'records-behind',
  title: 'Records waiting',
  description:
    'Records that wait in Kafka and are not stored yet, over all partitions, according to the newest reports of the workers. A few thousand are a running batch; a growing number means too few workers or a slow store. Files and the demo have no partitions to report. Not filtered.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT if(count() = 0, NULL, sum(behind)) AS value FROM ${STATE}`,
  width: 6,
  height: 4,
  empty: 'no worker on Kafka',
  thresholds: [
    { value: 100_000, color: 'yellow' },
    { value: 1_000_000, color: 'red' },
  ],
  links,
};

const storedAge: Panel = {
  slug: 'stored-age',
  title: 'Furthest behind',
  description:
    'Age of the newest stored records in the partition that is furthest behind, according to the newest reports of the workers. Above 30 seconds, incidents neither open nor resolve until the counts are stored, for at most analyzers.pipeline.hold_seconds. Not filtered.',
  kind: 'stat',
  unit: 'seconds',
  sql: `SELECT if(count() = 0, NULL, max(dateDiff('second', s.at, $__toTime) + s.stored_age_ms / 1000)) AS value FROM ${STATE} AND s.state = 'held'`,
  width: 6,
  height: 4,
  empty: 'no worker on Kafka',
  thresholds: [
    { value: 60, color: 'yellow' },
    { value: 300, color: 'red' },
  ],
  links,
};

const dead: Panel = {
  slug: 'dead-letter-count',
  title: 'Dead letters',
  description:
    'Records of the time range that could not be decoded. They are stored redacted and can be counted later: correct the mapping, then run faultline dead-letters replay. Not filtered.',
  kind: 'stat',
  unit: 'count',
  sql: 'SELECT count() AS value FROM dead_letters WHERE $__timeFilter(inserted_at)',
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [
    { value: 1, color: 'yellow' },
    { value: 1_000, color: 'red' },
  ],
  links,
};

const lost: Panel = {
  slug: 'lost-records',
  title: 'Records lost',
  description:
    'Records that Kafka deleted before they were read, in the time range. They are neither counted nor stored: make the retention of the topic longer than the longest outage. Not filtered.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT sum(to_offset - from_offset) AS value FROM ingest_batches
WHERE kind = 'lost' AND $__timeFilter(inserted_at)`,
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [{ value: 1, color: 'red' }],
  links,
};

const batches: Panel = {
  slug: 'batch-size',
  title: 'Requests in a batch',
  description:
    'How many requests a batch has, on average and at most, by the time at which it was stored. Small batches are normal while workers keep up; batches near the limit batch.rows mean that they are catching up. Not filtered.',
  kind: 'timeseries',
  unit: 'count',
  sql: `SELECT $__timeInterval(inserted_at) AS time, avg(counted) AS mean_requests, max(counted) AS most_requests
FROM ingest_batches
WHERE inserted_at >= $__fromTime AND inserted_at <= $__toTime AND kind = 'batch'
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'mean_requests', title: 'mean', unit: 'count' },
    { name: 'most_requests', title: 'largest', unit: 'count' },
  ],
  colors: { mean_requests: '#5794f2', most_requests: '#8e8e8e' },
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing stored',
  links,
};

const failing: Panel = {
  slug: 'worker-batches',
  title: 'Batches by worker',
  description:
    'Batches stored per minute by each worker, by the time at which they were stored. A line that ends is a worker that has stopped; a single line means that one worker has all partitions. Not filtered.',
  kind: 'timeseries',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(inserted_at) AS time, if(worker = '', 'no name', worker) AS series,
  count() * 60 / $__interval_s AS value
FROM ingest_batches
WHERE inserted_at >= $__fromTime AND inserted_at <= $__toTime
GROUP BY time, series ORDER BY time, series`,
  color: 'by_name',
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing stored',
  links,
};

const partitions: Panel = {
  slug: 'partitions',
  title: 'Partitions',
  description:
    'The newest report on each partition, furthest behind first: which worker has it, what keeps it from going on (nothing, starting, the store, the broker, refused rows), how much waits, and how long it has stood still. Not filtered.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT topic, toString(partition) AS partition_text, worker, state, reason, behind,
  dateDiff('second', s.at, $__toTime) + stored_age_ms / 1000 AS stored_ago, still_ms / 1000 AS still,
  s.at AS said_at
FROM ${STATE}
ORDER BY behind DESC, stored_ago DESC, topic, partition LIMIT 200`,
  columns: [
    { name: 'topic', title: 'Topic', unit: 'text', chars: 22 },
    { name: 'partition_text', title: 'Partition', unit: 'text', chars: 5 },
    { name: 'worker', title: 'Worker', unit: 'text' },
    { name: 'state', title: 'State', unit: 'text', chars: 6 },
    { name: 'reason', title: 'Held up by', unit: 'text', chars: 14 },
    { name: 'behind', title: 'Waiting', unit: 'count' },
    { name: 'stored_ago', title: 'Stored up to', unit: 'seconds' },
    { name: 'still', title: 'Stands still', unit: 'seconds' },
    { name: 'said_at', title: 'Reported', unit: 'age' },
  ],
  width: 24,
  height: 9,
  empty: 'no worker on Kafka',
  links,
};

const deadLetters: Panel = {
  slug: 'dead-letters',
  title: 'Dead letters by reason',
  description:
    'What could not be decoded, by topic and reason, with one sample and the number of records. A new reason after a release means that the format of the logs has changed: correct the mapping, then replay. Not filtered.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT topic, reason, count() AS letters, max(inserted_at) AS last_seen,
  argMax(detail, inserted_at) AS sample_detail, argMax(substringUTF8(body, 1, 200), inserted_at) AS sample_body
FROM dead_letters
WHERE $__timeFilter(inserted_at)
GROUP BY topic, reason ORDER BY letters DESC, topic, reason LIMIT 50`,
  columns: [
    { name: 'topic', title: 'Topic', unit: 'text', chars: 22 },
    { name: 'reason', title: 'Reason', unit: 'text', chars: 16 },
    { name: 'letters', title: 'Records', unit: 'count' },
    { name: 'last_seen', title: 'Last', unit: 'age' },
    { name: 'sample_detail', title: 'Why', unit: 'text' },
    { name: 'sample_body', title: 'A record, redacted', unit: 'text' },
  ],
  width: 24,
  height: 8,
  empty: 'no dead letters',
  links,
};

const judgedAgain: Panel = {
  slug: 'judged-again',
  title: 'Stored errors judged again',
  description:
    'The last runs of faultline reclassify, newest first. While a run is not finished, older errors may have the classes of one version of the rules and newer ones those of another: run faultline reclassify, which continues where it ended. Not filtered.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT started_at AS began,
  multiIf(state = 'finished', 'finished', state = 'running' AND r.at > now64(3, 'UTC') - toIntervalSecond(90), 'running', 'not finished') AS state_text,
  toString(rules) AS rules_text, holder, r.at AS said_at
FROM reclassify_runs AS r FINAL
WHERE started_at <= $__toTime
ORDER BY term DESC LIMIT 1 BY run LIMIT 3`,
  columns: [
    { name: 'began', title: 'Began', unit: 'time' },
    { name: 'state_text', title: 'State', unit: 'text', chars: 14 },
    { name: 'rules_text', title: 'Rules', unit: 'text', chars: 5 },
    { name: 'holder', title: 'Process', unit: 'text' },
    { name: 'said_at', title: 'Reported', unit: 'age' },
  ],
  width: 24,
  height: 5,
  empty: 'no run yet',
  links,
};

/** Kinds of incident about faultline itself, or about errors that it does not know. */
const own = incidentKindNames.filter((kind) => factsOf(kind).class === 'other');

/** Shows whether the other pages can be trusted. */
export const pipelinePage: Dashboard = {
  uid: 'faultline-pipeline',
  title: 'faultline / Pipeline',
  question: 'Is everything counted, how far behind are we, and what could not be read?',
  rows: [
    { title: 'Now', panels: [behind, storedAge, dead, lost] },
    { title: 'Flow', panels: [ingestDelay, ingestRecords, batches, failing] },
    { title: 'Partitions', panels: [partitions] },
    { title: 'What could not be read', panels: [deadLetters] },
    { title: 'Judged again', panels: [judgedAgain] },
    {
      title: 'Incidents',
      panels: [
        incidentHistory(
          'pipeline-incidents',
          sqlList(own),
          'Incidents of the pipeline and of errors that match no rule',
        ),
      ],
    },
  ],
};
