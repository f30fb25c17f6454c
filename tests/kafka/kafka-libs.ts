import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = import.meta.dirname;

/** Why no broker can be started on this machine, in one line. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable';
}

/**
 * The class path of Kafka's broker and tools. Maven copies it into `tests/kafka/libs` once per `pom.xml`. Rejects with
 * `KafkaUnavailable` without Java 17, Maven or a registry.
 */
export async function kafkaLibs(): Promise<string> {
  await checkJava();
  const pom = join(here, 'pom.xml');
  const version = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12);
  const libs = join(here, 'libs', version);
  if (!existsSync(libs)) await copyLibs(pom, libs);
  return join(libs, '*');
}

async function checkJava(): Promise<void> {
  const { stderr } = await run('java', ['-version']).catch(() => {
    throw new KafkaUnavailable('Kafka needs Java 17 or later: `java` is not on the PATH');
  });
  const major = Number(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1] ?? 0);
  if (major < 17)
    throw new KafkaUnavailable(`Kafka needs Java 17 or later, this is ${stderr.split('\n', 1)[0]}`);
}

// Two processes may copy at once: each into its own folder, and the first rename wins.
async function copyLibs(pom: string, libs: string): Promise<void> {
  const partial = `${libs}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    await run('mvn', [
      '-q',
      '-B',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${partial}`,
    ]).catch((error: Error & { code?: unknown; stdout?: string }) => {
      if (error.code === 'ENOENT')
        throw new KafkaUnavailable('Kafka comes by Maven: `mvn` is not on the PATH');
      const reason =
        (error.stdout ?? '').split('\n').find((line) => line.includes('[ERROR]')) ?? error.message;
      throw new KafkaUnavailable(`Maven could not fetch Kafka: ${reason.slice(0, 300)}`);
    });
    await rename(partial, libs).catch((error: unknown) => {
      if (!existsSync(libs)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Runs a main class of Kafka's own tools to its end and returns its output; rejects with its error output. */
export async function runKafkaTool(
  mainClass: string,
  args: readonly string[],
  stdin: string | Buffer = '',
): Promise<string> {
  const java = [
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  ];
  const child = spawn('java', [...java, '-cp', await kafkaLibs(), mainClass, ...args], { stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  // A tool that dies early closes its input; its exit code says more than the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${mainClass} ended with ${code}: ${(err + out).slice(-2_000)}`);
  return out;
}
