import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Settings, settingsSchema } from '../../domain/settings.ts';
import { kafkaConfig } from './kafka-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'faultline-kafka-config-'));
afterAll(() => rmSync(dir, { recursive: true }));
const text = join(dir, 'text.pem');
writeFileSync(text, 'no certificate');
const broken = join(dir, 'broken.pem');
writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
const absent = join(dir, 'absent.pem');

const defaults = settingsSchema.parse({}).kafka;
const config = (kafka: Partial<Settings['kafka']>) => kafkaConfig({ ...defaults, ...kafka });

it('uses neither TLS nor a login by default', () => {
  expect(config({})).toEqual({
    clientId: 'faultline',
    brokers: ['127.0.0.1:9092'],
    connectionTimeout: 10_000,
    requestTimeout: 30_000,
  });
});

it('trusts the system list when TLS has no certificate authority', () => {
  expect(config({ tls: true }).ssl).toBe(true);
});

it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('logs in by %s', (mechanism) => {
  expect(config({ sasl_mechanism: mechanism, sasl_username: 'u', sasl_password: 'p' }).sasl).toEqual({
    mechanism,
    username: 'u',
    password: 'p',
  });
});

it.each<[string, Partial<Settings['kafka']>, string | RegExp]>([
  ['no brokers', { brokers: [] }, 'kafka.brokers: is empty: name at least one broker as host:port'],
  [
    'a broker without port',
    { brokers: ['kafka-1'] },
    'kafka.brokers: kafka-1 is not host:port, such as 127.0.0.1:9092',
  ],
  [
    'a broker as URL',
    { brokers: ['kafka://a:9092'] },
    'kafka.brokers: kafka://a:9092 is not host:port, such as 127.0.0.1:9092',
  ],
  [
    'an IPv6 address',
    { brokers: ['[::1]:9092'] },
    'kafka.brokers: [::1]:9092: the Kafka client reads no IPv6 addresses, name the host instead',
  ],
  [
    'a port too high',
    { brokers: ['a:70000'] },
    'kafka.brokers: a:70000 is not host:port, such as 127.0.0.1:9092',
  ],
  [
    'an authority without TLS',
    { tls_ca: text },
    'kafka.tls_ca: is set, but kafka.tls is false: set kafka.tls to true',
  ],
  [
    'a certificate without key',
    { tls: true, tls_cert: text },
    /^kafka\.tls_key: is missing: a client certificate needs both/,
  ],
  [
    'a key without certificate',
    { tls: true, tls_key: text },
    /^kafka\.tls_cert: is missing: a client certificate needs both/,
  ],
  [
    'a missing file',
    { tls: true, tls_ca: absent },
    `kafka.tls_ca: cannot read ${absent} (ENOENT): name a readable PEM file`,
  ],
  ['a file of another kind', { tls: true, tls_ca: text }, `kafka.tls_ca: ${text} is not a PEM file`],
  [
    'a broken certificate',
    { tls: true, tls_ca: broken },
    /^kafka\.tls_ca: .*broken\.pem cannot be used \(.+\): check the file$/,
  ],
  [
    'a password without mechanism',
    { sasl_password: 'secret' },
    /^kafka\.sasl_mechanism: is empty, but a user name or password is set/,
  ],
  [
    'a mechanism without user',
    { sasl_mechanism: 'plain', sasl_password: 'secret' },
    'kafka.sasl_username: is empty: plain needs a user name',
  ],
  [
    'a mechanism without password',
    { sasl_mechanism: 'plain', sasl_username: 'u' },
    'kafka.sasl_password: is empty: plain needs a password',
  ],
])('refuses %s in one line', (_name, kafka, message) => {
  let thrown: unknown;
  try {
    config(kafka);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'bad_setting' });
  const line = thrown instanceof Error ? thrown.message : '';
  if (typeof message === 'string') expect(line).toBe(message);
  else expect(line).toMatch(message);
  expect(line).not.toContain('\n');
  expect(line).not.toContain('secret');
});
