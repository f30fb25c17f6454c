import { DOWN_MS, type MissingPart } from '../../ingest/telemetry/health.ts';
import { createRegistry } from '../../ingest/telemetry/registry.ts';
import type { HealthAnswer, Telemetry } from '../../ingest/telemetry/telemetry.ts';
import type { NotifyTelemetry } from './notify-telemetry.ts';
import type { Served } from './metrics-server.ts';

/** Health and metrics of a process that only runs analyzers. */
export interface AnalyzerHealth extends Served, Pick<Telemetry, 'lack'> {
  /** Call it after each evaluation, with its error or null. */
  evaluated(error: unknown): void;
}

/**
 * Health is `not_ready` before the first evaluation, `ok` after a successful one, `degraded` after a failed one, and
 * `not_ready` when none has succeeded for two minutes. `monotonic` gives ms.
 */
export function createAnalyzerHealth(
  notify: Pick<NotifyTelemetry, 'reasons' | 'text'>,
  monotonic: () => number,
): AnalyzerHealth {
  const registry = createRegistry({ process: true });
  let missing: readonly MissingPart[] = [];
  let isStarting = true;
  let failingSince: number | null = null;
  const reasons = (): HealthAnswer['reasons'] => {
    if (missing.length > 0)
      return missing.map(({ what, address }) => {
        return { code: 'missing', state: 'not_ready', detail: `${what} is not there yet`, address };
      });
    if (isStarting)
      return [{ code: 'starting', state: 'not_ready', detail: 'nothing has been evaluated yet' }];
    if (failingSince !== null) {
      const age = monotonic() - failingSince;
      const detail = `no evaluation has succeeded for ${Math.round(age / 1000)} s`;
      return [{ code: 'store_retrying', state: age > DOWN_MS ? 'not_ready' : 'degraded', detail }];
    }
    return notify.reasons();
  };
  const health = (): HealthAnswer => {
    const found = reasons();
    return { state: found[0]?.state ?? 'ok', reasons: found, partitions: 0, lag_records: 0, lag_seconds: 0 };
  };
  return {
    lack(parts) {
      missing = parts;
    },
    evaluated(error) {
      isStarting = false;
      failingSince = error === null ? null : (failingSince ?? monotonic());
    },
    isAlive: () => true,
    health,
    contentType: registry.contentType,
    async text() {
      const { state } = health();
      for (const known of ['ok', 'degraded', 'not_ready'] as const)
        registry.set('faultline_health', known === state ? 1 : 0, { state: known });
      return `${await registry.text()}\n${await notify.text()}`;
    },
  };
}
