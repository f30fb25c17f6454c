import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import { toRetention } from '../../domain/retention.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { letterReplay } from '../input/letter-replay.ts';
import { textTrial } from '../input/text-trial.ts';
import { type NotifyTelemetry, withNotify } from '../telemetry/notify-telemetry.ts';
import type { RunningTelemetry } from '../telemetry/run-telemetry.ts';
import { type StartState, troubleOf } from './state.ts';

/** Serves the page. `ahead` names the source until it is open. */
export async function openPage(
  store: Store,
  ahead: string,
  { state, telemetry, notify }: { state: StartState; telemetry: RunningTelemetry; notify: NotifyTelemetry },
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
