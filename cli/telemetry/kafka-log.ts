import type { KafkaLog } from '../../ingest/sources/kafka-client.ts';
import type { CommandContext } from '../context.ts';

/** Writes log lines of the Kafka client to the program's logger: for commands that run on. */
export function kafkaLog(context: CommandContext): KafkaLog {
  return (level, message, fields) => context.logger[level]({ ...fields, part: 'kafka' }, message);
}

/** The same at level debug: for commands that end, whose final error says everything. */
export function quietKafkaLog(context: CommandContext): KafkaLog {
  return (_level, message, fields) => context.logger.debug({ ...fields, part: 'kafka' }, message);
}
