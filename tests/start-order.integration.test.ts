import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouseProcess, startClickHouse } from './fixtures/clickhouse-process.ts';
import { type Running, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';
import { describeWithOwnKafka } from './kafka/describe-with-kafka.ts';
import { createCertificates } from './kafka/certificates.ts';
import { freePort } from './kafka/free-port.ts';
import { createTopic } from './kafka/kafka-topics.ts';
import { produceLines } from './kafka/produce.ts';
import { type Kafka, startKafka } from './kafka/start-kafka.ts';

const started: Running[] = [];
const closing: (() => unknown)[] = [];

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  for (const close of closing) await close();
});

interface Readiness {
  code: number;
  state: string;
  missing: (string | undefined)[];
}

/** Starts a program that keeps running; its pages can be read. */
async function begin(args: readonly string[], env: Record<string, string> = {}) {
  const running = startFaultline(args, { env: { FAULTLINE_METRICS_PORT: '0', ...env } });
  started.push(running);
  const url = await until('the address of its pages', () => {
    if (running.child.exitCode !== null) throw new Error(running.stderr());
    return /(?:"url":"|page: )(http:[^"\s]+)/.exec(running.stderr())?.[1] ?? null;
  });
  return {
    ...running,
    url,
    alive: async () => (await fetch(`${url}/healthz`)).status,
    async ready(): Promise<Readiness> {
      const answer = await fetch(`${url}/readyz`);
      const { state, reasons } = (await answer.json()) as {
        state: string;
        reasons: { code: string; address?: string }[];
      };
      const missing = reasons.filter(({ code }) => code === 'missing').map(({ address }) => address);
      return { code: answer.status, state, missing };
    },
    async stop() {
      running.child.kill('SIGTERM');
      return running.finished;
    },
  };
}

/** Starts an HTTP server on a free port and returns the port. The server is closed after all tests. */
async function listen(listener: RequestListener, tls?: { key: Buffer; cert: Buffer }): Promise<number> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const nobody = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

describe('without Kafka', () => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
    closing.push(() => clickhouse.stop());
  });

  const login = (): Record<string, string> => ({ FAULTLINE_CLICKHOUSE_PASSWORD: clickhouse.token });

  it('gives up after --wait with one line that names everything that is missing', async () => {
    const [broker, server] = [await nobody(), await nobody()];
    const args = ['ingest', '--brokers', broker, '--clickhouse-url', `http://${server}`];
    const env = { FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent' };
    const begun = performance.now();
    const { code, stderr } = await runFaultline([...args, '--wait', '2s'], { env });
    expect(performance.now() - begun).toBeGreaterThan(2_000);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^faultline: (?=.*http://${server} does not answer)(?=.*${broker} does not answer).*; gave up after 2 s \\(--wait\\)\\n$`,
      ),
    );
  });

  it('fails at once with --wait 0, and one-shot commands always do', async () => {
    const server = `http://${await nobody()}`;
    const line = `faultline: ClickHouse at ${server} does not answer (ECONNREFUSED): check clickhouse.url and that it runs\n`;
    const env = { FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent' };
    for (const args of [['analyze', '--wait', '0'], ['analyze', '--once'], ['migrate'], ['incidents']]) {
      const ended = await runFaultline([...args, '--clickhouse-url', server], { env });
      expect(ended, args.join(' ')).toEqual({ code: 1, stdout: '', stderr: line });
    }
  });

  it('does not wait for faults that waiting cannot repair', async () => {
    const env = { FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent', ...login() };
    const wrong = await runFaultline(['analyze', '--clickhouse-url', clickhouse.url], {
      env: { ...env, FAULTLINE_CLICKHOUSE_PASSWORD: 'wrong' },
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^faultline: ClickHouse at .* refused the login: check [^\n]*\n$/);
    const reader = await runFaultline(['analyze', '--clickhouse-url', clickhouse.url], {
      env: { ...env, FAULTLINE_CLICKHOUSE_PASSWORD: '' },
    });
    expect(reader.code).toBe(1);
    expect(reader.stderr).toMatch(/^faultline: ClickHouse at .*164 READONLY[^\n]*\n$/);
    const locked = await runFaultline(
      ['ingest', '--data', path.join(clickhouse.dir, 'data'), '--brokers', await nobody()],
      { env },
    );
    expect(locked.code).toBe(1);
    expect(locked.stderr).toMatch(/^faultline: data directory [^\n]*\n$/);
  });

  it('reports that a server that closes plain connections needs TLS', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'faultline-tls-'));
    closing.push(() => rm(dir, { recursive: true, force: true }));
    await createCertificates(dir);
    const tls = {
      key: readFileSync(path.join(dir, 'broker.key')),
      cert: readFileSync(path.join(dir, 'broker.pem')),
    };
    const port = await listen((_request, response) => response.end('Ok.\n'), tls);
    const env = { FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent' };
    const ended = await runFaultline(['analyze', '--clickhouse-url', `http://127.0.0.1:${port}`], { env });
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `faultline: 127.0.0.1:${port} speaks TLS only: set clickhouse.url to https://\n`,
    });
  });

  it('waits for a server that its balancer does not reach yet, and that goes away during the migration', async () => {
    let statements = 0;
    const seen: string[] = [];
    const treat = (): 'away' | 'hang up' | 'pass' => {
      statements++;
      if (statements <= 4) return 'away';
      return statements === 12 ? 'hang up' : 'pass';
    };
    const port = await listen((request, response) => {
      void (async () => {
        const body = await buffer(request);
        // Health checks get the same answers as other requests, as behind a load balancer.
        const treatment = request.url === '/ping' && statements > 0 && statements <= 4 ? 'away' : treat();
        seen.push(treatment);
        if (treatment === 'away') {
          response.writeHead(503).end('<html>no server is available</html>');
          return;
        }
        if (treatment === 'hang up') {
          request.socket.destroy();
          return;
        }
        const {
          'content-length': _length,
          'transfer-encoding': _chunked,
          host: _host,
          ...headers
        } = request.headers;
        const answer = await fetch(`${clickhouse.url}${request.url ?? '/'}`, {
          method: request.method ?? 'GET',
          headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
          ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
        });
        response.writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? 'text/plain',
        });
        response.end(Buffer.from(await answer.arrayBuffer()));
      })().catch(() => response.destroy());
    });
    const program = await begin(['analyze', '--clickhouse-url', `http://127.0.0.1:${port}`], {
      ...login(),
      FAULTLINE_CLICKHOUSE_DATABASE: 'behind_a_balancer',
    });
    await until('it is ready', async () => (await program.ready()).state === 'ok');
    expect(seen.filter((one) => one === 'hang up')).toEqual(['hang up']);
    expect(program.stderr()).toContain('does not answer (HTTP 503)');
    expect(await program.stop()).toMatchObject({ code: 0 });
  });

  it('analyze reports that it waits, and begins when ClickHouse answers', async () => {
    await clickhouse.kill();
    const program = await begin(['analyze', '--clickhouse-url', clickhouse.url], login());
    expect(await program.alive()).toBe(200);
    expect(await program.ready()).toEqual({ code: 503, state: 'not_ready', missing: [clickhouse.url] });
    expect((await fetch(`${program.url}/metrics`).then((answer) => answer.text())).split('\n')).toContain(
      'faultline_health{state="not_ready"} 1',
    );
    await clickhouse.start();
    await until('it is ready', async () => (await program.ready()).code === 200);
    expect(await program.stop()).toMatchObject({ code: 0 });
  });

  it('start serves its page from the beginning, and ends at SIGTERM while it waits', async () => {
    const [broker, server] = [await nobody(), `http://${await nobody()}`];
    const options = ['--port', '0', '--brokers', broker, '--clickhouse-url', server];
    const program = await begin(['start', '--source', 'kafka', ...options]);
    expect(await program.alive()).toBe(200);
    await until('both are missing', async () => (await program.ready()).missing.length === 2);
    expect(await program.ready()).toEqual({ code: 503, state: 'not_ready', missing: [server, broker] });
    expect((await fetch(program.url)).status).toBe(200);
    const status = await fetch(`${program.url}/api/v1/status`);
    expect([status.status, await status.text()]).toEqual([503, expect.stringContaining('is not there yet')]);
    expect(await program.stop()).toMatchObject({ code: 0 });
  });
});

await describeWithOwnKafka('with Kafka', () => {
  let kafka: Kafka;
  let clickhouse: ClickHouseProcess;
  const topic = 'in-any-order';
  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([startKafka({ secured: true }), startClickHouse()]);
    closing.push(
      () => kafka.stop(),
      () => clickhouse.stop(),
    );
    await kafka.createTopic(topic);
  });

  const settings = (database: string): Record<string, string> => ({
    FAULTLINE_KAFKA_BROKERS: kafka.brokers.join(','),
    FAULTLINE_KAFKA_TOPICS: topic,
    FAULTLINE_KAFKA_GROUP: database,
    FAULTLINE_CLICKHOUSE_URL: clickhouse.url,
    FAULTLINE_CLICKHOUSE_PASSWORD: clickhouse.token,
    FAULTLINE_CLICKHOUSE_DATABASE: database,
  });

  const orders = ['ClickHouse, then Kafka', 'Kafka, then ClickHouse'] as const;
  it.each(orders)('ingest counts when it is started first, then come %s', async (order) => {
    const database = order === orders[0] ? 'clickhouse_first' : 'kafka_first';
    await Promise.all([kafka.kill(), clickhouse.kill()]);
    const program = await begin(['ingest', '--wait', '5m'], settings(database));
    const [broker = ''] = kafka.brokers;
    await until('both are missing', async () => (await program.ready()).missing.length === 2);
    expect(await program.alive()).toBe(200);
    expect(await program.ready()).toEqual({
      code: 503,
      state: 'not_ready',
      missing: [clickhouse.url, broker],
    });
    const [first, second] = [() => clickhouse.start(), () => kafka.restart()];
    await (order === orders[0] ? first : second)();
    const left = order === orders[0] ? broker : clickhouse.url;
    await until('one is missing', async () => (await program.ready()).missing.length === 1);
    expect(await program.ready()).toEqual({ code: 503, state: 'not_ready', missing: [left] });
    await (order === orders[0] ? second : first)();
    await until('it is ready', async () => (await program.ready()).state === 'ok');
    await produceLines(kafka.brokers, topic, [
      JSON.stringify({ ts: Date.now(), status: 200, model: database }),
    ]);
    await until('the record is counted', async () => {
      const trends = ['trends', '--by', 'model', '--since', '1h', '--format', 'json'];
      const { stdout } = await runFaultline(trends, { env: settings(database) });
      return stdout.includes(database);
    });
    const { code, stderr } = await program.stop();
    expect(code, stderr).toBe(0);
    for (const what of [`ClickHouse at ${clickhouse.url}`, `Kafka (${topic}) at ${broker}`]) {
      expect(stderr).toContain(`waiting for ${what}, for at most`);
      expect(stderr).toContain(`${what} is there after`);
    }
  });

  it('start counts although it began before Kafka and ClickHouse, and its page shows the counts', async () => {
    await Promise.all([kafka.kill(), clickhouse.kill()]);
    const env = settings('start_first');
    const program = await begin(['start', '--source', 'kafka', '--port', '0'], env);
    await until('both are missing', async () => (await program.ready()).missing.length === 2);
    await Promise.all([clickhouse.start(), kafka.restart()]);
    await until('it is ready', async () => (await program.ready()).state === 'ok');
    await produceLines(kafka.brokers, topic, [JSON.stringify({ ts: Date.now(), status: 200 })]);
    await until('the record is counted', async () => {
      const status = await fetch(`${program.url}/api/v1/status`);
      const { live } = (await status.json()) as { live?: { records: number; source: string } };
      return live !== undefined && live.records > 0 && live.source === `Kafka topic ${topic}`;
    });
    expect(await program.stop()).toMatchObject({ code: 0 });
  });

  it('waits for a topic that does not exist yet', async () => {
    const env = { ...settings('topic_later'), FAULTLINE_KAFKA_TOPICS: 'later' };
    const program = await begin(['ingest'], env);
    await until('it says so', () => program.stderr().includes('later does not exist at'));
    await until('ClickHouse is open', async () => (await program.ready()).missing.length === 1);
    expect(await program.ready()).toEqual({ code: 503, state: 'not_ready', missing: kafka.brokers });
    await createTopic(kafka.brokers[0] ?? '', 'later', {});
    await until('it is ready', async () => (await program.ready()).state === 'ok');
    expect(await program.stop()).toMatchObject({ code: 0 });
  });

  it('does not wait for a broker that wants TLS or a login', async () => {
    const { secured } = kafka;
    if (secured === undefined) throw new Error('the broker was started without secured listeners');
    const env = { ...settings('refused'), FAULTLINE_METRICS_PORT: '0', FAULTLINE_LOG_LEVEL: 'silent' };
    const run = (broker: string, more: Record<string, string> = {}) =>
      runFaultline(['ingest', '--brokers', broker], { env: { ...env, ...more } });
    expect(await run(secured.tls)).toEqual({
      code: 1,
      stdout: '',
      stderr: `faultline: ${secured.tls} speaks TLS only: set kafka.tls to true\n`,
    });
    expect(await run(secured.sasl)).toEqual({
      code: 1,
      stdout: '',
      stderr: `faultline: kafka.brokers: ${secured.sasl} closed the connection: it may want TLS (kafka.tls) or a login (kafka.sasl_mechanism)\n`,
    });
    const wrong = await run(secured.sasl, {
      FAULTLINE_KAFKA_SASL_MECHANISM: 'plain',
      FAULTLINE_KAFKA_SASL_USERNAME: 'alice',
      FAULTLINE_KAFKA_SASL_PASSWORD: 'wrong',
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^faultline: Kafka at [^\n]* refused the PLAIN login of alice: [^\n]*\n$/);
  });
});

it('start leaves no data directory when the port of its page is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const directory = await mkdtemp(path.join(tmpdir(), 'faultline-port-'));
  closing.push(
    () => other.close(),
    () => rm(directory, { recursive: true, force: true }),
  );
  const { port } = other.address() as AddressInfo;
  const data = path.join(directory, 'data');
  const { code, stderr } = await runFaultline(['start', '--source', 'demo', '--data', data], {
    env: { FAULTLINE_CONSOLE_PORT: String(port) },
  });
  expect({ code, isThere: existsSync(data) }, stderr).toEqual({ code: 1, isThere: false });
  expect(stderr).toMatch(new RegExp(`port ${port} on 127.0.0.1 is in use`));
});
