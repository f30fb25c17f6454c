import type { Logger } from 'pino';
import { StoreError } from '../../store/error.ts';
import { silentEvents, type WorkerEvents } from '../../ingest/worker-events.ts';
import { partitionKey } from '../../ingest/partition-id.ts';
import type { KafkaLog } from '../../ingest/sources/kafka-client.ts';
import { maskCredentials } from '../mask.ts';

/**
 * The same trouble is not reported again within this time, ms, because batches may succeed and fail in turn for hours.
 */
const QUIET_MS = 60_000;
/**
 * How many kinds of lines of the Kafka client are remembered. When there are more, all are forgotten, to limit memory.
 */
const MOST_WORDS = 100;
/** How many characters of a line of the Kafka client are shown. */
const LONGEST_WORDS = 500;

type Clock = () => number;
type LogWriter = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Writes the worker's events to the log: every change of state once, ordinary work only at `debug`. */
export function logEvents(logger: LogWriter, monotonic: Clock = () => performance.now()): WorkerEvents {
  const store = trouble(
    logger,
    'ClickHouse does not take inserts, trying again',
    'ClickHouse answers again',
    monotonic,
  );
  const broker = trouble(
    logger,
    'Kafka does not take commits, trying again',
    'Kafka answers again',
    monotonic,
  );
  const halted = new Set<string>();
  return {
    ...silentEvents,
    assigned(partitions) {
      halted.clear();
      broker.end();
      logger.info(listed(partitions.map(partitionKey)), 'partitions assigned');
    },
    revoked: () => logger.info('assignment ended, waiting for the next one'),
    started(id, at, reason) {
      const fields = { partition: partitionKey(id), offset: at };
      if (reason === '') logger.debug(fields, 'partition begins');
      else logger.warn({ ...fields, reason: oneLine(reason) }, 'partition starts in an unusual way');
    },
    lost: (id, from, to) =>
      logger.error(
        { partition: partitionKey(id), from, to, records: to - from },
        'records were deleted before they were read',
      ),
    topicsMissing(topics) {
      if (topics.length === 0) logger.info('all topics of kafka.topics exist again');
      else
        logger.error(
          { topics },
          `topic ${topics.join(', ')} no longer exists: the other topics are still read; create it again, or remove it from kafka.topics`,
        );
    },
    halted(id, reason) {
      const partition = partitionKey(id);
      const fields = { partition, reason: oneLine(reason) };
      if (halted.has(partition)) logger.debug(fields, 'the store still rejects this partition');
      else logger.error(fields, 'the store rejects this partition; nothing of it is stored, trying again');
      halted.add(partition);
    },
    storeFailed: (reason, error) =>
      store.begin(error instanceof StoreError ? `${error.code} ${error.serverCode}` : '', reason),
    storeAnswered: () => store.end(),
    brokerFailed: (reason) => broker.begin('', reason),
    announced: () => broker.end(),
    written(id, batch, age) {
      const partition = partitionKey(id);
      if (halted.delete(partition)) logger.info({ partition }, 'the store takes this partition again');
      const { counted, failed, dead } = batch.rows.totals;
      logger.debug(
        { partition, from: batch.from, to: batch.to, counted, failed, dead, age_ms: Math.round(age) },
        'batch written',
      );
    },
  };
}

/**
 * Writes the log lines of the Kafka client. Warnings and errors appear as `warn`, the same kind once a minute; all
 * other lines appear at `debug`.
 */
export function kafkaLog(logger: LogWriter, monotonic: Clock = () => performance.now()): KafkaLog {
  const lastWarned = new Map<string, { at: number; left: number }>();
  return (level, message, fields) => {
    const line = { ...fields, part: 'kafka' };
    const words = maskCredentials(message.slice(0, LONGEST_WORDS));
    if (level === 'info' || level === 'debug') return logger.debug(line, words);
    // Lines of the same kind differ in ports, ids and numbers of tries.
    const kind = words.replaceAll(/[0-9a-f]{6,}|\d+/g, '#');
    const before = lastWarned.get(kind);
    if (before !== undefined && monotonic() - before.at < QUIET_MS) {
      before.left++;
      return logger.debug(line, words);
    }
    if (before === undefined && lastWarned.size >= MOST_WORDS) lastWarned.clear();
    lastWarned.set(kind, { at: monotonic(), left: 0 });
    const repeated = before === undefined || before.left === 0 ? {} : { repeated: before.left };
    return logger.warn({ ...line, ...repeated }, words);
  };
}

/**
 * Writes all lines of the Kafka client at `debug`. It is for commands that end, because their last error reports the
 * problem.
 */
export function quietKafkaLog(logger: LogWriter): KafkaLog {
  return (_level, message, fields) => logger.debug({ ...fields, part: 'kafka' }, message);
}

/**
 * Reports when a trouble begins, when it changes its kind, and when it ends. The same kind is reported at most once a
 * minute, and the end only if the beginning was reported.
 */
function trouble(logger: LogWriter, begins: string, ends: string, monotonic: Clock) {
  const warnedAt = new Map<string, number>();
  let present: string | null = null;
  let shown: string | null = null;
  return {
    begin(kind: string, reason: string): void {
      present = kind;
      if (shown === kind) return;
      const fields = { reason: oneLine(reason) };
      const before = warnedAt.get(kind);
      if (before !== undefined && monotonic() - before < QUIET_MS) return logger.debug(fields, begins);
      warnedAt.set(kind, monotonic());
      shown = kind;
      return logger.warn(fields, begins);
    },
    end(): void {
      if (present === null) return;
      if (shown === null) logger.debug(ends);
      else logger.info(ends);
      present = null;
      shown = null;
    },
  };
}

function listed(keys: readonly string[]): { partitions: readonly string[]; count: number } {
  return { partitions: keys.slice(0, 20), count: keys.length };
}

function oneLine(text: string): string {
  return maskCredentials(text.replaceAll(/\s+/g, ' ').trim());
}
