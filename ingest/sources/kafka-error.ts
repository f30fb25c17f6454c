/**
 * What went wrong with Kafka, so that callers can act without parsing messages: `bad_setting` (a key of `kafka.*` is
 * wrong; nothing was tried), `unreachable` (no broker answers; try again), `closed` (the port closed the connection
 * without an answer), `busy` (the broker says that it may succeed later), `no_topic` (a topic does not exist),
 * `tls_failed` (no secure connection), `login_refused` (SASL), `refused` (the broker answered with an error).
 */
export type KafkaErrorCode =
  | 'bad_setting'
  | 'unreachable'
  | 'closed'
  | 'busy'
  | 'no_topic'
  | 'tls_failed'
  | 'login_refused'
  | 'refused';

/** An error of Kafka in one line: broker or setting, reason, and what to do if that is known. It contains no secret. */
export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  constructor(code: KafkaErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KafkaError';
    this.code = code;
  }
}

/** The settings that messages refer to. */
export interface KafkaPlace {
  brokers: readonly string[];
  tls: boolean;
  sasl_mechanism: string;
  sasl_username: string;
}

/**
 * Converts any error of the Kafka client to a `KafkaError`. The client's errors are recognised by names and codes, so
 * the client is not imported.
 */
export function toKafkaError(error: unknown, place: KafkaPlace): KafkaError {
  if (error instanceof KafkaError) return error;
  const chain = causes(error);
  const cause = chain.find((link) => kinds.has(link.name)) ?? chain.at(-1);
  const broker =
    chain.map((link) => link.broker).find((name) => name !== undefined) ?? place.brokers.join(',');
  const text = firstLine(cause?.message ?? String(error));
  const code = chain.map((link) => link.code).find((name) => name !== undefined) ?? '';
  if (chain.some((link) => link.name === 'KafkaJSSASLAuthenticationError'))
    return loginRefused(text, broker, place, error);
  if (tlsCodes.test(code) || tlsTexts.test(text)) {
    return new KafkaError(
      'tls_failed',
      `Kafka at ${broker}: no secure connection (${text}): ${tlsAdvice(place)}`,
      error,
    );
  }
  const kind = kinds.get(cause?.name ?? '');
  if (kind === undefined) {
    const isPassing = cause?.name === 'KafkaJSProtocolError' && cause.retriable;
    return new KafkaError(isPassing ? 'busy' : 'refused', `Kafka at ${broker}: ${text}`, error);
  }
  return new KafkaError(
    kind === 'closed' ? 'closed' : 'unreachable',
    `kafka.brokers: ${broker} ${silence[kind](text, place)}`,
    error,
  );
}

type NoAnswer = 'closed' | 'connection' | 'timeout';

const silence: Record<NoAnswer, (text: string, place: KafkaPlace) => string> = {
  closed: (_text, place) => `closed the connection: ${closedAdvice(place)}`,
  connection: (text) => `does not answer (${text}): check the address and that Kafka runs`,
  timeout: (text) => `does not answer in time (${text}): check its load, and that kafka.tls fits the port`,
};

const kinds = new Map<string, NoAnswer>([
  ['KafkaJSConnectionClosedError', 'closed'],
  ['KafkaJSConnectionError', 'connection'],
  ['KafkaJSBrokerNotFound', 'connection'],
  ['KafkaJSRequestTimeoutError', 'timeout'],
]);

// The texts of Node and OpenSSL for a failed handshake, in contrast to a failed connection.
const tlsCodes = /CERT|SSL|EPROTO|TLS|UNABLE_TO/;
const tlsTexts = /certificate|secure TLS connection|SSL routines|wrong version number/i;

interface Link {
  name: string;
  message: string;
  code: string | undefined;
  broker: string | undefined;
  retriable: boolean;
}

function causes(error: unknown): Link[] {
  const links: Link[] = [];
  for (let link = error; link instanceof Error && links.length < 10; link = link.cause) {
    links.push({
      name: link.name,
      message: link.message,
      code: 'code' in link && typeof link.code === 'string' ? link.code : undefined,
      broker: 'broker' in link && typeof link.broker === 'string' ? link.broker : undefined,
      retriable: 'retriable' in link && link.retriable === true,
    });
  }
  return links;
}

function loginRefused(text: string, broker: string, place: KafkaPlace, error: unknown): KafkaError {
  const mechanism = place.sasl_mechanism.toUpperCase();
  if (/not supported by the server/.test(text)) {
    return new KafkaError(
      'login_refused',
      `Kafka at ${broker} does not offer ${mechanism}: check kafka.sasl_mechanism`,
      error,
    );
  }
  const advice = 'check kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism';
  return new KafkaError(
    'login_refused',
    `Kafka at ${broker} refused the ${mechanism} login of ${place.sasl_username}: ${advice}`,
    error,
  );
}

function tlsAdvice(place: KafkaPlace): string {
  return place.tls ? 'check kafka.tls_ca, kafka.tls_cert and that the port speaks TLS' : 'check kafka.tls';
}

function closedAdvice(place: KafkaPlace): string {
  if (!place.tls) return 'it may want TLS (kafka.tls) or a login (kafka.sasl_mechanism)';
  if (place.sasl_mechanism === '')
    return 'it may want a client certificate (kafka.tls_cert) or a login (kafka.sasl_mechanism)';
  return 'check kafka.tls and kafka.sasl_mechanism';
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
