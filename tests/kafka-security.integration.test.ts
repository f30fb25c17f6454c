import { randomUUID } from 'node:crypto';
import { Kafka as Client, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Settings, settingsSchema } from '../domain/settings.ts';
import { kafkaConfig } from '../ingest/sources/kafka-config.ts';
import { toKafkaError } from '../ingest/sources/kafka-error.ts';
import { describeWithOwnKafka } from './kafka/describe-with-kafka.ts';
import { freePort } from './kafka/free-port.ts';
import { produceLines } from './kafka/produce.ts';
import { type Kafka, type Secured, startKafka } from './kafka/start-kafka.ts';

type KafkaSettings = Settings['kafka'];
type Given = (secured: Secured) => Partial<KafkaSettings>;

const login = ({ username, password }: Secured) => ({ sasl_username: username, sasl_password: password });
const tls = ({ certificates }: Secured) => ({ tls: true, tls_ca: certificates.ca });

const ways: [string, Given][] = [
  ['TLS', (s) => ({ brokers: [s.tls], ...tls(s) })],
  ['TLS with a client certificate', (s) => ({ brokers: [s.mtls], ...tls(s), ...clientCertificate(s) })],
  ['SASL PLAIN', (s) => ({ brokers: [s.sasl], sasl_mechanism: 'plain', ...login(s) })],
  ['SASL SCRAM-SHA-256', (s) => ({ brokers: [s.sasl], sasl_mechanism: 'scram-sha-256', ...login(s) })],
  ['SASL SCRAM-SHA-512', (s) => ({ brokers: [s.sasl], sasl_mechanism: 'scram-sha-512', ...login(s) })],
  ['SASL PLAIN over TLS', (s) => ({ brokers: [s.saslTls], sasl_mechanism: 'plain', ...login(s), ...tls(s) })],
  [
    'SASL SCRAM over TLS',
    (s) => ({ brokers: [s.saslTls], sasl_mechanism: 'scram-sha-512', ...login(s), ...tls(s) }),
  ],
];

const refusals: [string, Given, (s: Secured) => string | RegExp][] = [
  [
    'a wrong PLAIN password',
    (s) => ({ brokers: [s.sasl], sasl_mechanism: 'plain', ...login(s), sasl_password: 'wrong' }),
    (s) =>
      `Kafka at ${s.sasl} refused the PLAIN login of alice: check kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism`,
  ],
  [
    'a wrong SCRAM password',
    (s) => ({ brokers: [s.sasl], sasl_mechanism: 'scram-sha-256', ...login(s), sasl_password: 'wrong' }),
    (s) =>
      `Kafka at ${s.sasl} refused the SCRAM-SHA-256 login of alice: check kafka.sasl_username, kafka.sasl_password and kafka.sasl_mechanism`,
  ],
  [
    'an unknown authority',
    (s) => ({ brokers: [s.tls], tls: true }),
    (s) => new RegExp(`^Kafka at ${s.tls}: no secure connection \\(.*certificate.*\\): check kafka.tls_ca`),
  ],
  [
    'no login, but one is required',
    (s) => ({ brokers: [s.sasl] }),
    (s) =>
      `kafka.brokers: ${s.sasl} closed the connection: it may want TLS (kafka.tls) or a login (kafka.sasl_mechanism)`,
  ],
  [
    'no TLS, but it is required',
    (s) => ({ brokers: [s.tls] }),
    (s) =>
      `kafka.brokers: ${s.tls} closed the connection: it may want TLS (kafka.tls) or a login (kafka.sasl_mechanism)`,
  ],
  [
    'TLS on a plain listener',
    (s) => ({ brokers: [s.sasl], ...tls(s) }),
    (s) => new RegExp(`^Kafka at ${s.sasl}: no secure connection`),
  ],
  [
    'no client certificate, but one is required',
    (s) => ({ brokers: [s.mtls], ...tls(s) }),
    (s) =>
      new RegExp(
        `^Kafka at ${s.mtls}: no secure connection \\(.*certificate.*\\): check kafka.tls_ca, kafka.tls_cert`,
      ),
  ],
];

await describeWithOwnKafka('a broker that demands TLS or a login', () => {
  let kafka: Kafka;
  const secured = (): Secured => {
    if (!kafka.secured) throw new Error('the broker was started without secured listeners');
    return kafka.secured;
  };

  beforeAll(async () => {
    kafka = await startKafka({ secured: true });
    await kafka.createTopic('secret');
    await produceLines(kafka.brokers, 'secret', ['whisper']);
  });
  afterAll(() => kafka.stop());

  it.each(ways)('is read through %s', async (_name, given) => {
    expect(await readOne(settings(given(secured())))).toBe('whisper');
  });

  it.each(refusals)('refuses %s in one line', async (_name, given, line) => {
    const { brokers, ...rest } = given(secured());
    const place = settings({ ...(brokers ? { brokers } : {}), ...rest });
    const error = await readOne(place).catch((thrown: unknown) => toKafkaError(thrown, place));
    const message = error instanceof Error ? error.message : `read ${error}`;
    const expected = line(secured());
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
    expect(message).not.toContain('\n');
    expect(message).not.toContain(secured().password);
  });

  it('names the broker that does not answer', async () => {
    const place = settings({ brokers: [`127.0.0.1:${await freePort()}`] });
    const error = await readOne(place).catch((thrown: unknown) => toKafkaError(thrown, place));
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toMatch(
      /kafka\.brokers: 127\.0\.0\.1:\d+ does not answer \(.*\): check the address and that Kafka runs$/,
    );
  });
});

const clientCertificate = ({ certificates }: Secured) => ({
  tls_cert: certificates.clientCert,
  tls_key: certificates.clientKey,
});

const settings = (kafka: Partial<KafkaSettings>): KafkaSettings => settingsSchema.parse({ kafka }).kafka;

async function readOne(place: KafkaSettings): Promise<string> {
  const { ssl, sasl, ...config } = kafkaConfig(place);
  const client = new Client({
    ...config,
    ...(ssl === undefined ? {} : { ssl }),
    // The client's type accepts one mechanism at a time; the settings can have any.
    ...(sasl === undefined
      ? {}
      : { sasl: sasl as { mechanism: 'plain'; username: string; password: string } }),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const consumer = client.consumer({ groupId: randomUUID() });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: 'secret', fromBeginning: true });
    return await new Promise<string>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}
