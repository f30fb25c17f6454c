import type { Logger } from 'pino';
import { silentEvents, type WorkerEvents } from '../ingest/worker-events.ts';
import { partitionKey } from '../ingest/sources/source.ts';
import type { KafkaLog } from '../ingest/sources/kafka.ts';

/** What the worker reports as log lines: every change of state once, ordinary work only at `debug`. */
export function logEvents(logger: Logger): WorkerEvents {
  let trouble = '';
  const change = (reason: string, message: string): void => {
    if (reason === trouble) return;
    trouble = reason;
    if (reason === '') logger.info(message);
    else logger.warn({ reason }, message);
  };
  return {
    ...silentEvents,
    assigned: (partitions) =>
      logger.info({ partitions: partitions.map(partitionKey) }, 'partitions assigned'),
    revoked: () => logger.info('assignment over, waiting for the next one'),
    started(id, at, reason) {
      const fields = { partition: partitionKey(id), offset: at };
      if (reason === '') logger.info(fields, 'partition begins');
      else logger.warn({ ...fields, reason }, 'partition begins out of the ordinary');
    },
    lost: (id, from, to) =>
      logger.error(
        { partition: partitionKey(id), from, to, records: to - from },
        'records were deleted before they were read',
      ),
    halted: (id, reason) =>
      logger.error(
        { partition: partitionKey(id), reason },
        'the store rejects this partition; it stands still and tries again',
      ),
    storeFailed: (reason) => change(reason, 'ClickHouse does not take inserts, trying again'),
    brokerFailed: (reason) => change(reason, 'Kafka does not take commits, trying again'),
    storeAnswered: () => change('', 'ClickHouse answers again'),
    written(id, batch, age) {
      const { counted, failed, dead } = batch.fold.totals;
      logger.debug(
        {
          partition: partitionKey(id),
          from: batch.from,
          to: batch.to,
          counted,
          failed,
          dead,
          age_ms: Math.round(age),
        },
        'batch written',
      );
    },
  };
}

/** The Kafka client's own words, at the level it gives them but never above `warn`. */
export function kafkaLog(logger: Logger): KafkaLog {
  return (level, message, fields) =>
    logger[level === 'error' ? 'warn' : level === 'info' ? 'debug' : level](fields, message);
}
