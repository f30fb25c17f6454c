import { incidentKindNames, factsOf } from '../../domain/incident-kind.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { sqlList } from './facts.ts';
import { incidentHistory } from './incidents.ts';
import { runbook, toOverview } from './links.ts';
import { ingestDelay, ingestRecords } from './pipeline.ts';

const links = [runbook('other', 'unclassified errors'), toOverview];

/** The newest word on each partition of which a worker spoke in the day before the end of the range. */
const STATE = `ingest_state AS s FINAL
WHERE s.at > $__toTime - 86400 AND s.at <= $__toTime`;

const behind: Panel = {
  slug: 'records-behind',
  title: 'Records waiting',
  description:
    'Records that wait in Kafka and are not stored yet, over all partitions, as the workers last said. Some thousands are a batch under way; a number that grows means too few workers, or a store that is slow. Not filtered.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT if(count() = 0, NULL, sum(behind)) AS value FROM ${STATE}`,
  width: 6,
  height: 4,
  empty: 'no worker reports',
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
    'Age of what the partition that is furthest behind has stored, as the workers last said. Above a minute incidents are held: they neither open nor resolve until the counts are in. Not filtered.',
  kind: 'stat',
  unit: 'seconds',
  sql: `SELECT if(count() = 0, NULL, max(dateDiff('second', s.at, $__toTime) + s.stored_age_ms / 1000)) AS value FROM ${STATE} AND s.state = 'held'`,
  width: 6,
  height: 4,
  empty: 'no worker reports',
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
    'Records put aside in the time range because they could not be decoded. They are kept, redacted, and can be counted later: faultline dead-letters replay, after the format was mended. Not filtered.',
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
    'Records that Kafka deleted before they were read, in the time range. These are the only ones that are counted nowhere: raise the retention of the topic above the longest outage. Not filtered.',
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
    'How many requests a batch held, on average and at most, by the time at which it was stored. Small batches are normal while workers keep up; near the limit of 50,000 they are catching up. Not filtered.',
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
    'Batches stored per minute by each worker, by the time at which they were stored. A line that ends is a worker that is gone; one that stands alone has all partitions. Not filtered.',
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
    'The newest word on each partition, the furthest behind first: who has it, what keeps it from going on (nothing, starting, the store, the broker, rows that are refused), what waits, and since when it stands still. Not filtered.',
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
    { name: 'said_at', title: 'Said', unit: 'age' },
  ],
  width: 24,
  height: 9,
  empty: 'no worker reports',
  links,
};

const deadLetters: Panel = {
  slug: 'dead-letters',
  title: 'Dead letters by reason',
  description:
    'What could not be decoded, by topic and reason, with one sample and how often it came. A new reason after a release means that the format of the logs changed: mend the mapping, then replay. Not filtered.',
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

/** Kinds that are about faultline itself or about what it does not know. */
const own = incidentKindNames.filter((kind) => factsOf(kind).class === 'other');

/** Whether the other pages can be trusted. */
export const pipelinePage: Dashboard = {
  uid: 'faultline-pipeline',
  title: 'faultline / Pipeline',
  question: 'Is everything counted, how far behind are we, and what could not be read?',
  rows: [
    { title: 'Now', panels: [behind, storedAge, dead, lost] },
    { title: 'Flow', panels: [ingestDelay, ingestRecords, batches, failing] },
    { title: 'Partitions', panels: [partitions] },
    { title: 'What could not be read', panels: [deadLetters] },
    {
      title: 'Incidents',
      panels: [
        incidentHistory(
          'pipeline-incidents',
          sqlList(own),
          'Incidents of the pipeline and of errors that no rule knows',
        ),
      ],
    },
  ],
};
