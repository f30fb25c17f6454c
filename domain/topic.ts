/**
 * The names that a topic of Kafka can have. The topics of all other sources contain `#` or `:`, which Kafka does not
 * allow: `file:app.log#1a2b3c4d`, `stdin#…`, `pipe:…#…`, `demo#…`, `dead-letters#…`.
 */
export const kafkaTopicPattern = '^[A-Za-z0-9._-]+$';

const kafkaTopic = new RegExp(kafkaTopicPattern);

/** False for the topics of files, pipes, the demo and dead letters that were counted later. */
export function isKafkaTopic(topic: string): boolean {
  return kafkaTopic.test(topic);
}
