import { join } from 'node:path';

export interface Listener {
  name: 'plaintext' | 'tls' | 'mtls' | 'sasl' | 'sasl_tls' | 'controller';
  port: number;
}

export interface Security {
  /** PKCS#12 files made by `createCertificates`. */
  keystore: string;
  truststore: string;
  storePassword: string;
  /** User and password that the SASL listeners accept. */
  username: string;
  password: string;
}

const protocols = {
  plaintext: 'PLAINTEXT',
  tls: 'SSL',
  mtls: 'SSL',
  sasl: 'SASL_PLAINTEXT',
  sasl_tls: 'SASL_SSL',
  controller: 'PLAINTEXT',
} as const satisfies Record<Listener['name'], string>;

/**
 * `server.properties` of one node that is both broker and controller, small and quick. Properties in `extra` override
 * the others.
 */
export function kafkaProperties(
  dir: string,
  listeners: readonly Listener[],
  security: Security | undefined,
  extra: Record<string, string>,
): string {
  const at = (listener: Listener) => `${listener.name.toUpperCase()}://127.0.0.1:${listener.port}`;
  const controller = listeners.find((listener) => listener.name === 'controller')?.port ?? 0;
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: listeners.map(at).join(','),
    'advertised.listeners': listeners
      .filter((listener) => listener.name !== 'controller')
      .map(at)
      .join(','),
    'listener.security.protocol.map': listeners
      .map(({ name }) => `${name.toUpperCase()}:${protocols[name]}`)
      .join(','),
    'log.dirs': join(dir, 'data'),
    // A node that was killed can come back only after its last registration has expired.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
    'log.segment.delete.delay.ms': '1000',
    'log.retention.check.interval.ms': '1000',
    'log.initial.task.delay.ms': '1000',
    'message.max.bytes': String(8 * 1024 * 1024),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    ...(security ? securityProperties(security) : {}),
    ...extra,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function securityProperties(security: Security): Record<string, string> {
  const login = `username="${security.username}" password="${security.password}"`;
  const properties: Record<string, string> = {
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': security.keystore,
    'ssl.keystore.password': security.storePassword,
    'ssl.key.password': security.storePassword,
    'ssl.truststore.type': 'PKCS12',
    'ssl.truststore.location': security.truststore,
    'ssl.truststore.password': security.storePassword,
    'listener.name.mtls.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  };
  for (const listener of ['sasl', 'sasl_tls']) {
    const prefix = `listener.name.${listener}`;
    properties[`${prefix}.plain.sasl.jaas.config`] =
      `org.apache.kafka.common.security.plain.PlainLoginModule required ${login} user_${security.username}="${security.password}";`;
    for (const mechanism of ['scram-sha-256', 'scram-sha-512']) {
      properties[`${prefix}.${mechanism}.sasl.jaas.config`] =
        'org.apache.kafka.common.security.scram.ScramLoginModule required;';
    }
  }
  return properties;
}
