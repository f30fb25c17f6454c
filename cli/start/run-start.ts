import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from '../../dashboards/console/server.ts';
import { toRetention } from '../../domain/retention.ts';
import { reportToBoth } from '../../ingest/worker-events.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { readStoredTopics } from '../../store/queries/ledger.ts';
import { historyNotice, readSpan } from '../input/history-notice.ts';
import { createLiveView } from '../format/live-view.ts';
import { notifyReceivers } from '../needs/notifications.ts';
import { checkSecrets } from '../needs/secrets.ts';
import { createNotifyTelemetry } from '../telemetry/notify-telemetry.ts';
import { neededStore, served, waitingOf } from '../needs/needs.ts';
import { openMigrated } from '../needs/open-migrated.ts';
import { workerFor } from '../needs/worker.ts';
import { runTelemetry } from '../telemetry/run-telemetry.ts';
import { type RunningStateReport, runStateReport } from '../telemetry/run-state-report.ts';
import { neededSource, sourceName } from '../input/start-source.ts';
import { storeToCome } from '../needs/store-to-come.ts';
import { openBoth, openNow } from '../needs/wait-until-there.ts';
import { analyse } from './analyse.ts';
import { openPage } from './page.ts';
import { closingLines, countsOf, type Running, sayNotice, show } from './running.ts';
import { initialState, watchWorker } from './state.ts';

export interface StartOptions {
  source?: string;
  openConsole?: boolean;
  speed?: number;
  exit?: boolean;
  follow?: boolean;
  clickhouseHttp?: number;
  /** How long to wait for Kafka and ClickHouse, ms. */
  wait?: number;
  /** Called with the address of the page once it is served. */
  onPage?: (url: string) => void;
}

/** Node's timers are limited to 31 bits, ms. */
const LONGEST_SLEEP = 2 ** 31 - 1;

/**
 * Runs source, worker, analyzers, live view and page in one process, until a signal or, with `--exit`, the end of the
 * source.
 */
export async function run(options: StartOptions, context: CommandContext): Promise<number> {
  const { settings, signal } = context;
  const isDemo = sourceName(options, context) === 'demo';
  const clickhouse = {
    ...settings.clickhouse,
    path: isDemo ? path.join(settings.clickhouse.path, 'demo') : settings.clickhouse.path,
  };
  const input = await openNow(neededSource(options, context));
  const toCome = storeToCome(clickhouse);
  const database = {
    ...neededStore(clickhouse),
    open: async () => toCome.arrive(await openFresh({ ...clickhouse, notice: context.err }, isDemo)),
    close: () => toCome.close(),
  };
  const storage = served(database, options.clickhouseHttp, context);
  // The live view shows the ordinary course, so only problems are logged.
  const telemetry = runTelemetry({
    now: context.now,
    logger: context.logger.child({}, { level: 'warn' }),
  });
  // The demo sends no messages, because its incidents are not real.
  if (!isDemo) await checkSecrets(settings.notify, context);
  const notify = createNotifyTelemetry(
    isDemo ? {} : settings.notify.receivers,
    context.logger.child({}, { level: 'warn' }),
  );
  let page: Console | null = null;
  let reports: RunningStateReport | null = null;
  try {
    const state = initialState();
    // The page is served before its data exist, so that people and probes see what is missing, and so that a port that is
    // taken leaves no empty data directory.
    const open =
      options.openConsole === false
        ? null
        : await openPage(toCome, input.what, { state, telemetry, notify }, context);
    page = open;
    const ownStorage = await openNow(storage);
    if (open !== null) options.onPage?.(open.url);
    let isGreeted = open === null;
    const greet = (): void => {
      if (!isGreeted) context.err(`page: ${open?.url}`);
      isGreeted = true;
    };
    const waiting = waitingOf(context, options, {
      say(line) {
        greet();
        context.err(line);
      },
      missing(missing) {
        telemetry.lack(missing);
        state.waitsFor = missing.map(({ reason }) => reason);
      },
    });
    const [store, source] = await openBoth(ownStorage, input, waiting);
    state.source = source;
    if (source.file !== null) state.notice = await noticeOf(source.file, context);
    // Only records of a topic can wait; files and the demo have no lag to report.
    reports = source.isTopic
      ? runStateReport(store, { now: context.now, logger: context.logger.child({}, { level: 'warn' }) })
      : null;
    const isShared = !isDemo && !source.isTopic && clickhouse.url === '';
    const held = isShared ? await readStoredTopics(store) : [];
    const events = reportToBoth(watchWorker(state, source, held, context), telemetry.events);
    const worker = workerFor(context, settings, {
      store,
      source: source.records,
      events: reports === null ? events : reportToBoth(events, reports.events),
      ...(reports === null ? {} : { name: reports.name }),
      onRefused: source.isHistory ? 'fail' : 'halt',
      ...(source.limits === null ? {} : { limits: source.limits }),
    });
    telemetry.watch(worker, store);
    greet();
    reports?.watch(worker);
    const stopNotifying = new AbortController();
    const notifying = isDemo
      ? null
      : notifyReceivers(store, notify, {
          settings,
          env: context.env,
          signal: AbortSignal.any([signal, stopNotifying.signal]),
        });
    try {
      await work({ store, worker, source, state, telemetry, exit: options.exit === true }, context);
    } finally {
      stopNotifying.abort();
      await notifying;
    }
    await reports?.leave();
    if (signal.aborted) context.err('stopped');
    // With --exit another command may be waiting for the whole file.
    if (signal.aborted && options.exit === true) return EXIT.interrupted;
    // A scheduled import of a wrong file must not look successful.
    const { read, requests } = state.input.report();
    const isWanting = (read > 0 && requests === 0) || source.damage() !== null;
    return options.exit === true && isWanting ? EXIT.found : EXIT.ok;
  } finally {
    telemetry.close();
    reports?.close();
    await page?.close();
    await storage.close(toCome);
  }
}

/** The notice about how long the data of a file are kept; null when all tables still keep all of them. */
async function noticeOf(file: string, context: CommandContext): Promise<string | null> {
  const { format, mapping, clickhouse } = context.settings;
  const span = await readSpan(file, { format, mapping }, context.now());
  return span === null ? null : historyNotice(file, span, toRetention(clickhouse.retention), context.now());
}

async function openFresh(options: Parameters<typeof openMigrated>[0], demo: boolean): Promise<Store> {
  if (!demo || options.url !== '') return openMigrated(options);
  // A demo starts with empty tables. The directory is first opened, because this fails if another process uses it.
  await (await openMigrated(options)).close();
  await rm(options.path, { recursive: true, force: true });
  return openMigrated(options);
}

async function work(running: Running, context: CommandContext): Promise<void> {
  const { worker, state, source, telemetry } = running;
  const { signal } = context;
  const view = createLiveView(context);
  const stop = (): void => {
    telemetry.enter('stopping');
    // When stopping fails, `worker.run` fails with the same error.
    void worker.stop(context.settings.kafka.session_timeout_ms * 0.8);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const reading = worker.run().finally(() => {
    state.ended = true;
    telemetry.enter('ended');
  });
  const showing = show(running, view, context);
  const analysing = analyse(running, view, context);
  await Promise.all([reading, analysing]);
  signal.removeEventListener('abort', stop);
  if (!signal.aborted && !running.exit) {
    context.err(source.farewell);
    while (!signal.aborted) await sleep(LONGEST_SLEEP, undefined, { signal }).catch(() => undefined);
  }
  state.ended = true;
  await showing;
  sayNotice(state, view);
  view.close(countsOf(running));
  for (const line of closingLines(running, context)) context.err(line);
}
