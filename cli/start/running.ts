import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '../../ingest/worker.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { formatOrigin } from '../format/format-origin.ts';
import { endLine, nothingCounted, reportInput } from '../format/input-report.ts';
import type { LiveCounts, LiveView } from '../format/live-view.ts';
import type { StartSource } from '../input/start-source.ts';
import type { RunningTelemetry } from '../telemetry/run-telemetry.ts';
import { type StartState, troubleOf } from './state.ts';

/** A run whose store and source are open. */
export interface Running {
  store: Store;
  worker: Worker;
  source: StartSource;
  state: StartState;
  telemetry: RunningTelemetry;
  exit: boolean;
}

/** Keeps the live view fresh until the source has ended or a signal came. */
export async function show(running: Running, view: LiveView, context: CommandContext): Promise<void> {
  while (!running.state.ended && !context.signal.aborted) {
    sayNotice(running.state, view);
    view.update(countsOf(running));
    await sleep(500, undefined, { signal: context.signal }).catch(() => undefined);
  }
}

/** Prints the notice about old data, once. */
export function sayNotice(state: StartState, view: LiveView): void {
  if (state.notice === null || state.records === 0) return;
  view.say(state.notice);
  state.notice = null;
}

/** What the live view shows. */
export function countsOf({ state, source }: Running): LiveCounts {
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

/** The lines about what happened to the input. */
export function closingLines({ state, source }: Running, context: CommandContext): string[] {
  const report = state.input.report();
  const unit = source.unit();
  return [
    ...reportInput(report, unit),
    endLine({ name: source.name, damage: source.damage(), unfinished: source.unfinished() }, unit),
    ...(report.read === 0 ? [] : nothingCounted(report, source.name, unit)),
    report.read > 0 && report.requests === 0 ? formatOrigin(context) : null,
  ].filter((line) => line !== null);
}
