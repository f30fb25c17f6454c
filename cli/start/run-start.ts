import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HistoryContext, runAnalyzers } from '../../analyzers/run.ts';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import { toRetention } from '../../domain/retention.ts';
import { type InputTally, tallyInput } from '../../ingest/input-report.ts';
import { reportToBoth, type WorkerEvents } from '../../ingest/worker-events.ts';
import type { Worker } from '../../ingest/worker.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { readFirstEvent, readStoredTopics } from '../../store/queries/ledger.ts';
import { readWatermark } from '../../store/queries/watermark.ts';
import { endLine, nothingCounted, reportInput } from '../format/input-report.ts';
import { createShortageReport } from '../format/shortage.ts';
import { heldNotice } from '../input/held-notice.ts';
import { historyNotice, readSpan } from '../input/history-notice.ts';
import { formatOrigin } from '../format/format-origin.ts';
import { createLiveView, type LiveCounts, type LiveView } from '../format/live-view.ts';
import { logEvents } from '../telemetry/log-events.ts';
import { notifyReceivers } from '../needs/notifications.ts';
import { checkSecrets } from '../needs/secrets.ts';
import { createNotifyTelemetry, type NotifyTelemetry, withNotify } from '../telemetry/notify-telemetry.ts';
import { neededStore, served, waitingOf } from '../needs/needs.ts';
import { openMigrated } from '../needs/open-migrated.ts';
import { workerFor } from '../needs/worker.ts';
import { type RunningTelemetry, runTelemetry } from '../telemetry/run-telemetry.ts';
import { type RunningStateReport, runStateReport } from '../telemetry/run-state-report.ts';
import { neededSource, sourceName, type StartSource } from '../input/start-source.ts';
import { letterReplay } from '../input/letter-replay.ts';
import { textTrial } from '../input/text-trial.ts';
import { storeToCome } from '../needs/store-to-come.ts';
import { openBoth, openNow } from '../needs/wait-until-there.ts';

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
    const ownStorage = await openNow(storage);
    const state: State = {
      records: 0,
      dead: 0,
      byClass: new Map(),
      watermark: null,
      oldest: null,
      trouble: '',
      unjudged: '',
      open: new Set(),
      rate: 0,
      ended: false,
      waitsFor: [],
      source: null,
      input: tallyInput(),
      notice: null,
    };
    // The page is served before its data exist, so that people and probes see what is missing.
    const open =
      options.openConsole === false
        ? null
        : await openPage(toCome, input.what, { state, telemetry, notify }, context);
    page = open;
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
    const events = reportToBoth(watch(state, source, held, context), telemetry.events);
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

interface State {
  records: number;
  dead: number;
  byClass: Map<RequestClass, number>;
  /** Event time of the newest counted record, epoch ms. */
  watermark: number | null;
  /** Event time of the oldest record that was counted since the analyzers last asked, epoch ms. */
  oldest: number | null;
  trouble: string;
  /** Why the analyzers cannot evaluate at present; empty when they can. */
  unjudged: string;
  open: Set<string>;
  rate: number;
  ended: boolean;
  /** One line for each thing that the start waits for. */
  waitsFor: readonly string[];
  /** Null while it is not open. */
  source: StartSource | null;
  input: InputTally;
  /**
   * The notice about old data. It is printed when the first record is counted, so never for a file that was counted
   * before.
   */
  notice: string | null;
}

interface Running {
  store: Store;
  worker: Worker;
  source: StartSource;
  state: State;
  telemetry: RunningTelemetry;
  exit: boolean;
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

/** The lines about what happened to the input. */
function closingLines({ state, source }: Running, context: CommandContext): string[] {
  const report = state.input.report();
  const unit = source.unit();
  return [
    ...reportInput(report, unit),
    endLine({ name: source.name, damage: source.damage(), unfinished: source.unfinished() }, unit),
    ...(report.read === 0 ? [] : nothingCounted(report, source.name, unit)),
    report.read > 0 && report.requests === 0 ? formatOrigin(context) : null,
  ].filter((line) => line !== null);
}

async function show(running: Running, view: LiveView, context: CommandContext): Promise<void> {
  while (!running.state.ended && !context.signal.aborted) {
    sayNotice(running.state, view);
    view.update(countsOf(running));
    await sleep(500, undefined, { signal: context.signal }).catch(() => undefined);
  }
}

function sayNotice(state: State, view: LiveView): void {
  if (state.notice === null || state.records === 0) return;
  view.say(state.notice);
  state.notice = null;
}

function countsOf({ state, source }: Running): LiveCounts {
  return {
    records: state.records,
    dead: state.dead,
    byClass: state.byClass,
    present: source.present(state.watermark),
    progress: source.progress(),
    trouble: troubleOf(state),
    openIncidents: state.open.size,
  };
}

function troubleOf({ trouble, unjudged }: State): string {
  return trouble === '' ? unjudged : trouble;
}

/**
 * Runs the analyzers up to the present of the source. After the worker has ended they run once more, to evaluate its
 * last batches.
 */
async function analyse(
  { store, worker, state, source }: Running,
  view: LiveView,
  context: CommandContext,
): Promise<void> {
  const { analyzers } = context.settings;
  const reportShortage = createShortageReport(analyzers.window_mib);
  await runAnalyzers({
    store,
    settings: analyzers,
    now: () => context.now() / 1000,
    signal: context.signal,
    sleep: (ms) => sleep(ms, undefined, { signal: context.signal }).catch(() => undefined),
    watermark: (at) => readWatermark(store, at, analyzers.pipeline.hold_seconds),
    ...(source.isHistory ? { history: historyOf(store, worker, state) } : {}),
    hasEnded: () => state.ended,
    onTick: ({ written, withdrawn, ...shortage }) => {
      state.unjudged = '';
      const short = reportShortage(shortage);
      if (short !== null) view.notice(short);
      for (const id of withdrawn) state.open.delete(id);
      for (const { incident, reason } of written) {
        if (incident.state === 'firing') state.open.add(incident.id);
        else state.open.delete(incident.id);
        if (reason === 'fired' || reason === 'reopened' || reason === 'resolved') view.incident(incident);
      }
    },
    onError: (error) => {
      state.unjudged = `incidents are not judged: ${error instanceof Error ? error.message : String(error)}`;
    },
  });
}

/** The event times that the analyzers evaluate: those that the worker has stored. */
function historyOf(store: Store, worker: Worker, state: State): HistoryContext {
  return {
    // Only the topics of this run count, so that the times of an older import are not evaluated again.
    first: () => readFirstEvent(store, [...new Set(worker.status().partitions.map(({ topic }) => topic))]),
    newest: () => (state.watermark === null ? null : state.watermark / 1000),
    takeOldest: () => {
      const oldest = state.oldest;
      state.oldest = null;
      return oldest === null ? null : oldest / 1000;
    },
    monotonic: () => performance.now(),
    every_seconds: 0.5,
  };
}

/** `held`: topics that the data directory already contains. */
function watch(
  state: State,
  source: StartSource,
  held: readonly string[],
  context: CommandContext,
): WorkerEvents {
  const data = context.settings.clickhouse.path;
  let isSaid = false;
  // The live view shows the ordinary course, so only problems are logged.
  const log = logEvents(context.logger.child({}, { level: 'warn' }));
  return {
    ...log,
    started(id, at, reason) {
      if (source.isTopic) log.started(id, at, reason);
      else if (reason !== '') context.err(reason);
      const others = isSaid ? null : heldNotice(id.topic, held, { data, source });
      isSaid = true;
      if (others !== null) context.err(others);
    },
    written(id, batch, age, duration) {
      log.written(id, batch, age, duration);
      state.input.add(batch);
      const { counted, dead, skipped, first_ts, last_ts } = batch.rows.totals;
      state.records += counted + dead + skipped;
      state.dead += dead;
      for (const [name, n] of batch.rows.classes())
        state.byClass.set(name, (state.byClass.get(name) ?? 0) + n);
      if (first_ts !== null) state.oldest = Math.min(state.oldest ?? first_ts, first_ts);
      if (last_ts !== null) state.watermark = Math.max(state.watermark ?? 0, last_ts);
    },
    storeFailed(reason, error) {
      state.trouble = reason;
      log.storeFailed(reason, error);
    },
    brokerFailed(reason) {
      state.trouble = reason;
      log.brokerFailed(reason);
    },
    storeAnswered() {
      state.trouble = '';
      log.storeAnswered();
    },
  };
}

async function openPage(
  store: Store,
  ahead: string,
  { state, telemetry, notify }: Pick<Running, 'state' | 'telemetry'> & { notify: NotifyTelemetry },
  context: CommandContext,
): Promise<Console> {
  const { host, port, token, read_token: readToken, query_seconds: querySeconds } = context.settings.console;
  let before = { at: context.now(), records: 0 };
  return startConsole({
    store,
    host,
    port,
    token,
    readToken,
    querySeconds,
    now: context.now,
    dashboards,
    telemetry: withNotify(telemetry, notify),
    tryText: textTrial(context),
    replayLetters: letterReplay(store, context),
    retention: toRetention(context.settings.clickhouse.retention),
    explain,
    timeline: timelineOf,
    live: () => {
      const at = context.now();
      if (at - before.at > 2_000) {
        state.rate = ((state.records - before.records) * 1000) / (at - before.at);
        before = { at, records: state.records };
      }
      const { source } = state;
      return {
        source: source?.name ?? ahead,
        state: state.ended
          ? 'finished'
          : troubleOf(state) !== ''
            ? 'degraded'
            : source === null || state.records === 0
              ? 'starting'
              : 'running',
        detail: source === null ? state.waitsFor.join('; ') : troubleOf(state),
        records: state.records,
        failures: state.records - state.dead - (state.byClass.get('ok') ?? 0),
        records_per_second: state.ended ? 0 : state.rate,
        progress: source?.progress() ?? null,
        watermark: state.watermark,
        present: source?.present(state.watermark) ?? null,
      };
    },
  });
}
