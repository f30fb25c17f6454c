import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Settings } from '../../domain/settings.ts';
import { KafkaError } from './kafka-error.ts';

/** How to reach a cluster, in the words of the Kafka client. */
export interface KafkaConfig {
  clientId: string;
  brokers: string[];
  connectionTimeout: number;
  requestTimeout: number;
  ssl?: boolean | { ca?: string; cert?: string; key?: string };
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

/**
 * The configuration of the client. Throws a `KafkaError` (`bad_setting`) of one line that names the key, and the file
 * if there is one.
 */
export function kafkaConfig(settings: Settings['kafka']): KafkaConfig {
  if (settings.brokers.length === 0) throw bad('brokers', 'is empty: name at least one broker as host:port');
  for (const broker of settings.brokers) checkBroker(broker);
  const ssl = tlsOf(settings);
  const sasl = saslOf(settings);
  return {
    clientId: settings.client_id,
    brokers: settings.brokers,
    // The client's default of one second is too short for a name lookup, a handshake and a login on a busy machine.
    connectionTimeout: 10_000,
    requestTimeout: 30_000,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function checkBroker(broker: string): void {
  // The client splits host and port at the first colon.
  if (broker.startsWith('['))
    throw bad('brokers', `${broker}: the Kafka client reads no IPv6 addresses, name the host instead`);
  const match = /^(?<host>[A-Za-z0-9._-]+):(?<port>\d{1,5})$/.exec(broker);
  const port = Number(match?.groups?.['port'] ?? 0);
  if (port < 1 || port > 65_535) throw bad('brokers', `${broker} is not host:port, such as 127.0.0.1:9092`);
}

function tlsOf(settings: Settings['kafka']): KafkaConfig['ssl'] {
  const files = ['tls_ca', 'tls_cert', 'tls_key'] as const;
  const given = files.filter((key) => settings[key] !== '');
  if (!settings.tls) {
    const [first] = given;
    if (first !== undefined) throw bad(first, 'is set, but kafka.tls is false: set kafka.tls to true');
    return undefined;
  }
  if ((settings.tls_cert === '') !== (settings.tls_key === '')) {
    const missing = settings.tls_cert === '' ? 'tls_cert' : 'tls_key';
    throw bad(missing, 'is missing: a client certificate needs both kafka.tls_cert and kafka.tls_key');
  }
  if (given.length === 0) return true;
  const pem: { ca?: string; cert?: string; key?: string } = {};
  if (settings.tls_ca !== '') pem.ca = readPem('tls_ca', settings.tls_ca);
  if (settings.tls_cert !== '') pem.cert = readPem('tls_cert', settings.tls_cert);
  if (settings.tls_key !== '') pem.key = readPem('tls_key', settings.tls_key);
  attempt('tls_ca', settings.tls_ca, () => pem.ca === undefined || new X509Certificate(pem.ca));
  attempt('tls_cert', settings.tls_cert, () => pem.cert === undefined || new X509Certificate(pem.cert));
  // This also detects a key that does not belong to the certificate.
  attempt('tls_key', settings.tls_key, () => createSecureContext(pem));
  return pem;
}

function attempt(key: keyof Settings['kafka'], file: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw bad(key, `${file} cannot be used (${reason}): check the file`, error);
  }
}

function readPem(key: 'tls_ca' | 'tls_cert' | 'tls_key', file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw bad(key, `cannot read ${file} (${code}): name a readable PEM file`, error);
  }
  if (!text.includes('-----BEGIN ')) throw bad(key, `${file} is not a PEM file`);
  return text;
}

function saslOf(settings: Settings['kafka']): KafkaConfig['sasl'] {
  const { sasl_mechanism: mechanism, sasl_username: username, sasl_password: password } = settings;
  if (mechanism === '') {
    if (username !== '' || password !== '') {
      throw bad(
        'sasl_mechanism',
        'is empty, but a user name or password is set: choose plain, scram-sha-256 or scram-sha-512',
      );
    }
    return undefined;
  }
  if (username === '') throw bad('sasl_username', `is empty: ${mechanism} needs a user name`);
  if (password === '') throw bad('sasl_password', `is empty: ${mechanism} needs a password`);
  return { mechanism, username, password };
}

function bad(key: keyof Settings['kafka'], what: string, cause?: unknown): KafkaError {
  return new KafkaError('bad_setting', `kafka.${key}: ${what}`, cause);
}
