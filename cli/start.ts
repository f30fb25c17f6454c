import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HistoryContext, runAnalyzers } from '../analyzers/run.ts';
import { type Console, startConsole } from '../dashboards/console/server.ts';
import { overview } from '../dashboards/panels/overview.ts';
import type { RequestClass } from '../domain/error-class.ts';
import { reportToBoth, type WorkerEvents } from '../ingest/worker-events.ts';
import type { Worker } from '../ingest/worker.ts';
import type { Store } from '../store/connect.ts';
import type { Gateway } from '../store/http-gateway.ts';
import type { CommandContext } from './context.ts';
import { readWatermark } from '../store/queries/watermark.ts';
import { createLiveView, type LiveCounts } from './live-view.ts';
import { logEvents } from './log-events.ts';
import { openMigrated, workerFor } from './pipeline.ts';
import { type RunningTelemetry, runTelemetry } from './run-telemetry.ts';
import { serveWhenAsked } from './serve-clickhouse.ts';
import { openStartSource, type StartSource } from './start-source.ts';

export interface StartOptions {
  source?: string;
  openConsole?: boolean;
  speed?: number;
  exit?: boolean;
  clickhouseHttp?: number;
}

/** Everything in one process: source, worker, analyzers, terminal view and page, until a signal or the source's end. */
export async function run(options: StartOptions, context: CommandContext): Promise<number> {
  const { settings, signal } = context;
  const source = await openStartSource(options, context);
  const clickhouse = {
    ...settings.clickhouse,
    path: source.isDemo ? path.join(settings.clickhouse.path, 'demo') : settings.clickhouse.path,
  };
  const store = await openFresh({ ...clickhouse, notice: context.err }, source.isDemo);
  // The terminal shows the ordinary course; only trouble is worth a log line there.
  const telemetry = runTelemetry({
    now: context.now,
    logger: context.logger.child({}, { level: 'warn' }),
  });
  let page: Console | null = null;
  let gateway: Gateway | null = null;
  try {
    // The tables forget by event time; what is shown from a file may be older than that.
    if (source.isHistory && store.kind === 'embedded') await store.command('SYSTEM STOP TTL MERGES');
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
    };
    gateway = await serveWhenAsked(store, options.clickhouseHttp, context);
    page =
      options.openConsole === false ? null : await openPage(store, source, { state, telemetry }, context);
    const worker = workerFor(context, settings, {
      store,
      source: source.records,
      events: reportToBoth(watch(state, context), telemetry.events),
      onRefused: source.isHistory ? 'fail' : 'halt',
      ...(source.limits === null ? {} : { limits: source.limits }),
    });
    telemetry.watch(worker, store);
    if (page !== null) context.err(`page: ${page.url}`);
    await work({ store, worker, source, state, telemetry, exit: options.exit === true }, context);
    if (signal.aborted) context.err('stopped');
    return 0;
  } finally {
    telemetry.close();
    await page?.close();
    await gateway?.close();
    await store.close();
  }
}

interface State {
  records: number;
  dead: number;
  byClass: Map<RequestClass, number>;
  /** Event time of the newest record that is counted, epoch ms. */
  watermark: number | null;
  /** Event time of the oldest record that was counted since the analyzers asked, epoch ms. */
  oldest: number | null;
  trouble: string;
  /** Why incidents are not judged at present; empty: they are. */
  unjudged: string;
  open: Set<string>;
  rate: number;
  ended: boolean;
}

interface Running {
  store: Store;
  worker: Worker;
  source: StartSource;
  state: State;
  telemetry: RunningTelemetry;
  exit: boolean;
}

async function openFresh(options: Parameters<typeof openMigrated>[0], demo: boolean): Promise<Store> {
  if (!demo || options.url !== '') return openMigrated(options);
  // Opened once to be sure that nobody else is using it; a demo begins with empty tables.
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
    await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
  }
  state.ended = true;
  await showing;
  view.close(countsOf(running));
}

async function show(
  running: Running,
  view: ReturnType<typeof createLiveView>,
  context: CommandContext,
): Promise<void> {
  while (!running.state.ended && !context.signal.aborted) {
    view.update(countsOf(running));
    await sleep(500, undefined, { signal: context.signal }).catch(() => undefined);
  }
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

/** The analyzers, up to the present of the source; the last time after the worker has ended, so that nothing is left out. */
async function analyse(
  { store, state, source }: Running,
  view: ReturnType<typeof createLiveView>,
  context: CommandContext,
): Promise<void> {
  const { analyzers } = context.settings;
  await runAnalyzers({
    store,
    settings: analyzers,
    now: () => context.now() / 1000,
    signal: context.signal,
    sleep: (ms) => sleep(ms, undefined, { signal: context.signal }).catch(() => undefined),
    watermark: (at) => readWatermark(store, at),
    ...(source.isHistory ? { history: historyOf(state) } : {}),
    hasEnded: () => state.ended,
    onTick: ({ written, withdrawn }) => {
      state.unjudged = '';
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

/** Event time of what the worker has written. */
function historyOf(state: State): HistoryContext {
  return {
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

function watch(state: State, context: CommandContext): WorkerEvents {
  // The terminal shows the ordinary course; only trouble is worth a log line there.
  const log = logEvents(context.logger.child({}, { level: 'warn' }));
  return {
    ...log,
    written(id, batch, age, duration) {
      log.written(id, batch, age, duration);
      const { counted, dead, skipped, first_ts, last_ts } = batch.fold.totals;
      state.records += counted + dead + skipped;
      state.dead += dead;
      for (const [name, n] of batch.fold.classes())
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
  source: StartSource,
  { state, telemetry }: Pick<Running, 'state' | 'telemetry'>,
  context: CommandContext,
): Promise<Console> {
  const { host, port, token } = context.settings.console;
  let before = { at: context.now(), records: 0 };
  return startConsole({
    store,
    host,
    port,
    token,
    now: context.now,
    dashboards: [overview],
    telemetry,
    live: () => {
      const at = context.now();
      if (at - before.at > 2_000) {
        state.rate = ((state.records - before.records) * 1000) / (at - before.at);
        before = { at, records: state.records };
      }
      return {
        source: source.name,
        state: state.ended
          ? 'finished'
          : troubleOf(state) !== ''
            ? 'degraded'
            : state.records === 0
              ? 'starting'
              : 'running',
        detail: troubleOf(state),
        records: state.records,
        failures: state.records - state.dead - (state.byClass.get('ok') ?? 0),
        records_per_second: state.ended ? 0 : state.rate,
        progress: source.progress(),
        watermark: state.watermark,
        present: source.present(state.watermark),
      };
    },
  });
}
