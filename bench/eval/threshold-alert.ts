import type { SimulatedRecord } from '../../simulate/record.ts';

/** A span of time, epoch milliseconds, in which the alert was active. */
export interface Alert {
  from: number;
  to: number;
}

const MINUTE = 60_000;
const WINDOW = 5;
const LEAST_REQUESTS = 20;
const SHARE = 0.05;

/**
 * The alert that most teams have: at least 5 % of the requests of five minutes failed, and there were at least 20
 * requests. It checks once a minute and knows no classes, scopes or usual rates.
 */
export function thresholdAlerts(): { add(record: SimulatedRecord): void; all(): Alert[] } {
  const minutes = new Map<number, { requests: number; failures: number }>();
  return {
    add({ ts, label }) {
      const minute = Math.floor(ts / MINUTE);
      const sums = minutes.get(minute) ?? { requests: 0, failures: 0 };
      sums.requests++;
      if (label !== 'ok') sums.failures++;
      minutes.set(minute, sums);
    },
    all() {
      const alerts: Alert[] = [];
      for (const minute of [...minutes.keys()].sort((a, b) => a - b)) {
        const window = Array.from({ length: WINDOW }, (_, i) => minutes.get(minute - i));
        const requests = window.reduce((sum, one) => sum + (one?.requests ?? 0), 0);
        const failures = window.reduce((sum, one) => sum + (one?.failures ?? 0), 0);
        if (requests < LEAST_REQUESTS || failures < SHARE * requests) continue;
        const at = (minute + 1) * MINUTE;
        const last = alerts.at(-1);
        if (last !== undefined && at - last.to <= WINDOW * MINUTE) last.to = at;
        else alerts.push({ from: at, to: at });
      }
      return alerts;
    },
  };
}
