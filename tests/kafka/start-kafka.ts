import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificates, createCertificates } from './certificates.ts';
import { freePort } from './free-port.ts';
import { kafkaLibs, runKafkaTool } from './kafka-libs.ts';
import { kafkaProperties, type Listener } from './kafka-properties.ts';
import { createTopic, deleteTopic, isReady } from './kafka-topics.ts';

export interface KafkaOptions {
  /** Folder of data, certificates and log. Absent: a temporary one that `stop` removes. */
  dir?: string;
  /** Port of the plain listener. Absent: a free one. */
  port?: number;
  /** Broker settings; they win over those of `kafkaProperties`. */
  config?: Record<string, string>;
  /** For measurements of speed: Java compiles as for a server that runs for days. It costs 3 s of a processor more to start. */
  forSpeed?: boolean;
  /** Adds listeners that require TLS, a client certificate, SASL, and SASL over TLS. */
  secured?: boolean;
}

export interface Secured {
  /** host:port of each listener. SASL listeners accept PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  tls: string;
  mtls: string;
  sasl: string;
  saslTls: string;
  username: string;
  password: string;
  certificates: Certificates;
}

/** One real Kafka node. It is killed when this process ends, in whatever way the process ends. */
export interface Kafka {
  readonly brokers: string[];
  readonly port: number;
  readonly dir: string;
  /** Process id, undefined while the node is down. */
  readonly pid: number | undefined;
  /** Only with `secured: true`. */
  readonly secured: Secured | undefined;
  /** Makes a new topic that can be written; by default with 1 partition. */
  createTopic(
    name: string,
    options?: { partitions?: number; config?: Record<string, string> },
  ): Promise<void>;
  /** Resolves when the topic is gone. */
  deleteTopic(name: string): Promise<void>;
  /** Last lines of the broker's log. */
  logTail(): Promise<string>;
  /** Sends SIGKILL; resolves when the process is gone. Data stay. */
  kill(): Promise<void>;
  /** Stops the node in order if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  /** Stops the node and removes a temporary folder. Safe to call twice. */
  stop(): Promise<void>;
}

const startSeconds = 90;
const stopSeconds = 20;

/** Starts a real Kafka (KRaft, one node) and resolves when it answers. Rejects with the tail of its log. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const libs = await kafkaLibs();
  const temporary = options.dir === undefined;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'faultline-kafka-')));
  await mkdir(dir, { recursive: true });
  const port = options.port ?? (await freePort());
  const secured = options.secured === true ? await secure(dir) : undefined;
  const listeners = await listenersOf(port, secured);
  const properties = join(dir, 'server.properties');
  const security = secured && {
    ...secured.certificates,
    username: secured.username,
    password: secured.password,
  };
  await writeFile(properties, kafkaProperties(dir, listeners, security, options.config ?? {}));
  await format(properties, secured);

  const broker = `127.0.0.1:${port}`;
  const log = join(dir, 'kafka.log');
  let node: Node | undefined;
  const up = async (): Promise<void> => {
    node = spawnNode(libs, properties, log, temporary ? dir : '', options.forSpeed === true);
    await untilReady(node, broker, log);
  };
  const down = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const running = node;
    node = undefined;
    if (running) await endNode(running, signal);
  };
  await up().catch(async (error: unknown) => {
    await down('SIGKILL');
    throw error;
  });
  return {
    brokers: [broker],
    port,
    dir,
    get pid() {
      return node?.process.pid;
    },
    secured,
    createTopic: (name, topic = {}) => createTopic(broker, name, topic),
    deleteTopic: (name) => deleteTopic(broker, name),
    logTail: () => logTail(log),
    kill: () => down('SIGKILL'),
    async restart() {
      await down('SIGTERM');
      await up();
    },
    async stop() {
      // An orderly stop takes time and is needed only if the data will be read again.
      await down(temporary ? 'SIGKILL' : 'SIGTERM');
      if (temporary) await rm(dir, { recursive: true, force: true });
    },
  };
}

async function secure(dir: string): Promise<Secured> {
  const certificates = await createCertificates(dir);
  const [tls, mtls, sasl, saslTls] = [await address(), await address(), await address(), await address()];
  return { tls, mtls, sasl, saslTls, username: 'alice', password: `of-a-test-${randomUUID()}`, certificates };
}

const portOf = (text: string): number => Number(text.split(':')[1]);

const address = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

async function listenersOf(port: number, secured: Secured | undefined): Promise<Listener[]> {
  const listeners: Listener[] = [
    { name: 'plaintext', port },
    { name: 'controller', port: await freePort() },
  ];
  if (secured) {
    listeners.push({ name: 'tls', port: portOf(secured.tls) }, { name: 'mtls', port: portOf(secured.mtls) });
    listeners.push(
      { name: 'sasl', port: portOf(secured.sasl) },
      { name: 'sasl_tls', port: portOf(secured.saslTls) },
    );
  }
  return listeners;
}

async function format(properties: string, secured: Secured | undefined): Promise<void> {
  const clusterId = randomUUID().replaceAll('-', '').slice(0, 22);
  const login = secured && `name=${secured.username},password=${secured.password}`;
  const scram = login
    ? ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => ['--add-scram', `${name}=[${login}]`])
    : [];
  const args = ['format', '--ignore-formatted', '-t', clusterId, '-c', properties, ...scram];
  await runKafkaTool('kafka.tools.StorageTool', args);
}

interface Node {
  process: ChildProcess;
  watchdog: ChildProcess;
  ended: Promise<void>;
}

function spawnNode(
  libs: string,
  properties: string,
  log: string,
  temporaryDir: string,
  forSpeed: boolean,
): Node {
  const java = ['-Xms256m', '-Xmx640m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
  if (!forSpeed) java.push('-XX:TieredStopAtLevel=1');
  const file = openSync(log, 'a');
  const node = spawn('java', [...java, '-cp', libs, 'kafka.Kafka', properties], {
    stdio: ['ignore', file, file],
    detached: true,
  });
  closeSync(file);
  const ended = new Promise<void>((resolve) => {
    node.once('exit', () => resolve());
    node.once('error', () => resolve());
  });
  node.unref();
  // A shell reads from this process. When this process ends, even by SIGKILL, the read ends and the shell kills the
  // broker.
  const script = 'read -r _; kill -9 "$1"; if [ -n "$2" ]; then sleep 1; rm -rf "$2"; fi';
  const watchdog = spawn('sh', ['-c', script, 'sh', String(node.pid), temporaryDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  watchdog.stdin.on('error', () => undefined);
  if ('unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  return { process: node, watchdog, ended };
}

async function endNode(node: Node, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  node.process.kill(signal);
  const patience = new AbortController();
  const late = sleep(stopSeconds * 1_000, 'late', { signal: patience.signal }).catch(() => 'ended');
  if ((await Promise.race([node.ended, late])) === 'late') node.process.kill('SIGKILL');
  await node.ended;
  patience.abort();
  node.watchdog.kill('SIGKILL');
}

async function untilReady(node: Node, broker: string, log: string): Promise<void> {
  let ended = false;
  void node.ended.then(() => (ended = true));
  const deadline = performance.now() + startSeconds * 1_000;
  while (!(await isReady(broker))) {
    if (ended) throw new Error(`Kafka ended while starting:\n${await logTail(log)}`);
    if (performance.now() > deadline) {
      throw new Error(`Kafka did not answer on ${broker} within ${startSeconds} s:\n${await logTail(log)}`);
    }
    await sleep(100);
  }
}

async function logTail(log: string): Promise<string> {
  return (await readFile(log, 'utf8')).split('\n').slice(-40).join('\n');
}
