import { connect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKafka } from '../../ingest/sources/kafka.ts';
import type { Source } from '../../ingest/sources/source.ts';
import type { Store } from '../../store/store.ts';
import type { Gateway } from '../../store/http-gateway.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { kafkaLog } from '../telemetry/log-events.ts';
import { openMigrated } from './open-migrated.ts';
import { serveWhenAsked } from './serve-clickhouse.ts';
import { type Missing, type Needed, WAIT_MS, type Waiting } from './wait-until-there.ts';

const TLS_PATIENCE_MS = 2_000;

/**
 * The store with its tables. The command waits only for a server, because waiting does not help with a data directory.
 */
export function neededStore(options: Parameters<typeof openMigrated>[0]): Needed<Store> {
  const { url } = options;
  const plain = url.startsWith('http://') ? [hostPortOf(url)] : [];
  return {
    what: 'ClickHouse',
    address: url === '' ? 'this process' : url,
    waits: url !== '',
    open: () => openMigrated(options),
    close: (store) => store.close(),
    findPermanentError: () => refusePlain(plain, 'clickhouse.url', 'https://'),
  };
}

/** The same store. If `--clickhouse-http` or the settings ask for it, it is served over HTTP while it is open. */
export function served(
  needed: Needed<Store>,
  flag: number | undefined,
  context: CommandContext,
): Needed<Store> {
  let gateway: Gateway | null = null;
  const close = async (store: Store): Promise<void> => {
    await gateway?.close();
    gateway = null;
    await needed.close(store);
  };
  const open = async (): Promise<Store> => {
    const store = await needed.open();
    try {
      gateway = await serveWhenAsked(store, flag, context);
      return store;
    } catch (error) {
      await needed.close(store);
      throw error;
    }
  };
  return { ...needed, open, close };
}

/** The consumer group. It can be opened when its brokers answer and its topics exist. */
export function neededKafka(context: CommandContext): Needed<Source> {
  const { kafka } = context.settings;
  const address = kafka.brokers.join(',');
  return {
    what: `Kafka (${kafka.topics.join(', ')})`,
    address,
    open: () => openKafka(kafka, kafkaLog(context.logger)),
    close: (source) => source.stop(),
    findPermanentError: () => refusePlain(kafka.tls ? [] : kafka.brokers, 'kafka.tls', 'true'),
  };
}

/** Waits by the clock of the process, for as long as `--wait` allows. */
export function waitingOf(
  context: CommandContext,
  options: { wait?: number },
  report: Pick<Waiting, 'say'> & { missing: (missing: readonly Missing[]) => void },
): Waiting {
  return {
    waitMs: options.wait ?? WAIT_MS,
    signal: context.signal,
    monotonic: () => performance.now(),
    // Node's timers are limited to 31 bits.
    sleep: (ms, signal) => sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal }),
    chance: () => Math.random(),
    say: report.say,
    onMissing: report.missing,
  };
}

/** Returns an error when one of these addresses requires TLS, because the settings use them without TLS. */
async function refusePlain(addresses: readonly string[], key: string, value: string): Promise<Error | null> {
  const secure = await Promise.all(
    addresses.map((address) => {
      const { hostname, port } = new URL(`tls://${address}`);
      return speaksTls(hostname.replace(/^\[|\]$/g, ''), Number(port));
    }),
  );
  const address = addresses[secure.indexOf(true)];
  return address === undefined
    ? null
    : new UserError(`${address} speaks TLS only: set ${key} to ${value}`, EXIT.found);
}

function hostPortOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? 80 : port}`;
}

/**
 * Whether a TLS handshake succeeds at an address, whatever its certificate. A server that requires TLS and a server
 * that is still starting both close a plain connection without an answer; only a handshake distinguishes them.
 */
function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent and nothing is trusted, so the certificate does not matter.
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: TLS_PATIENCE_MS });
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('secureConnect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
