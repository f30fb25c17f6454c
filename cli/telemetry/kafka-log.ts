import type { KafkaLog } from '../../ingest/sources/kafka-client.ts';
import type { CommandContext } from '../context.ts';

/** Log lines of the Kafka client as lines of the program's logger: for commands that run on. */
export function kafkaLog(context: CommandContext): KafkaLog {
  return (level, message, fields) => context.logger[level]({ ...fields, part: 'kafka' }, message);
}

/** The same at level debug: for commands that end, where the error at the end says all there is to say. */
export function quietKafkaLog(context: CommandContext): KafkaLog {
  return (_level, message, fields) => context.logger.debug({ ...fields, part: 'kafka' }, message);
}
