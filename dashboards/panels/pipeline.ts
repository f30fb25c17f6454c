import { kafkaTopicPattern } from '../../domain/topic.ts';
import type { Panel } from '../panel.ts';
import { perMinute } from './counts.ts';
import { toPipeline } from './links.ts';

/**
 * Batches whose delay means something: those of Kafka, and those of files and pipes that were read while they grew. The
 * demo, files of the past, and dead letters that were counted later are left out, because their records are old.
 */
const ARRIVED_LIVE = `kind = 'batch' AND NOT match(topic, '^(demo|dead-letters)#')
  AND (match(topic, '${kafkaTopicPattern}') OR dateDiff('second', last_ts, inserted_at) <= 300)`;

/** Shows whether the workers keep up. */
export const ingestDelay: Panel = {
  slug: 'ingest-delay',
  title: 'Delay until stored',
  description:
    'Time from the end of a request until its batch was stored, per interval. Seconds are normal; minutes mean that the workers are behind and that incidents are held. Only of data that arrived live: replayed history, such as the demo or a file of the past, has no delay. Not filtered.',
  kind: 'timeseries',
  unit: 'seconds',
  sql: `SELECT $__timeInterval(last_ts) AS time,
  quantile(0.5)(dateDiff('millisecond', last_ts, inserted_at) / 1000) AS median_delay,
  max(dateDiff('millisecond', last_ts, inserted_at) / 1000) AS longest_delay
FROM ingest_batches
WHERE $__buckets(last_ts) AND ${ARRIVED_LIVE}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'median_delay', title: 'median', unit: 'seconds' },
    { name: 'longest_delay', title: 'longest', unit: 'seconds' },
  ],
  colors: { median_delay: '#5a8f69', longest_delay: '#f2cc0c' },
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing arrived live: replayed history has no delay',
  thresholds: [{ value: 60, color: 'red' }],
  links: [toPipeline],
};

/** Shows what became of the records. */
export const ingestRecords: Panel = {
  slug: 'ingest-records',
  title: 'Records stored, skipped and dead',
  description:
    'What became of the records, per minute: counted, skipped for a named reason, or put into dead_letters because they could not be decoded. More dead letters after a release mean that its log format has changed. Not filtered.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(last_ts) AS time,
  ${perMinute('sum(counted)')} AS counted_records,
  ${perMinute('sum(skipped)')} AS skipped_records,
  ${perMinute('sum(dead)')} AS dead_records
FROM ingest_batches
WHERE $__buckets(last_ts)
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'counted_records', title: 'counted', unit: 'per_minute' },
    { name: 'skipped_records', title: 'skipped', unit: 'per_minute' },
    { name: 'dead_records', title: 'dead', unit: 'per_minute' },
  ],
  colors: { counted_records: '#5a8f69', skipped_records: '#8e8e8e', dead_records: '#c4162a' },
  stacked: true,
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing stored',
  links: [toPipeline],
};
