import type { RequestClass } from '../domain/error-class.ts';
import { dayCurve, slowDownSpan } from './rate.ts';
import type { SimulatedRecord } from './record.ts';
import {
  type CallerFilter,
  matches,
  type Scenario,
  type ScenarioEvent,
  type TrueIncident,
} from './scenario.ts';

/** Counts the true classes of generated records. */
export interface TrueCounts {
  add(record: SimulatedRecord): void;
  /** Records by true class; classes that did not occur are absent. */
  counts(): Partial<Record<RequestClass, number>>;
  total(): number;
  /** Records that repeat an earlier request. */
  retries(): number;
}

/** An empty tally. */
export function createTally(): TrueCounts {
  const counts: Partial<Record<RequestClass, number>> = {};
  let total = 0;
  let retries = 0;
  return {
    add(record) {
      counts[record.label] = (counts[record.label] ?? 0) + 1;
      total++;
      if (record.retry_count > 0) retries++;
    },
    counts: () => ({ ...counts }),
    total: () => total,
    retries: () => retries,
  };
}

/**
 * The incidents that `generate` puts into the traffic of this span. Incidents that begin after the end of the span are
 * left out.
 */
export function trueIncidents(
  scenario: Scenario,
  span: { from: number; to: number; rate?: number },
): TrueIncident[] {
  return scenario.events
    .flatMap((event) => trueIncident(scenario, event, span.from, span.rate ?? scenario.requests_per_second))
    .filter((incident) => incident.started_at < span.to);
}

function trueIncident(scenario: Scenario, event: ScenarioEvent, from: number, rate: number): TrueIncident[] {
  const { kind, where, after_ms, lasts_ms } = event;
  const { api_key: key, ...rest } = where;
  const whole = { scope: key === undefined ? rest : { ...rest, key }, original_requests_per_minute: null };
  const span = { started_at: from + after_ms, ended_at: from + after_ms + lasts_ms };
  switch (kind) {
    case 'quota_exhausted':
      return [{ ...whole, ...span, kind, party: 'account', classes: ['quota_exceeded'] }];
    case 'fault':
      return event.truth === null ? [] : [{ ...whole, ...span, classes: event.classes, ...event.truth }];
    case 'load':
      return event.truth === null ? [] : [{ ...whole, ...span, classes: [], ...event.truth }];
    case 'slow_down_surge':
      break;
  }
  const refused = slowDownSpan(event);
  const usual = usualRate(scenario, where, from + after_ms, rate);
  return [
    {
      ...whole,
      kind,
      party: 'traffic',
      classes: ['slow_down'],
      started_at: from + Math.round(refused.from),
      ended_at: from + Math.round(refused.to),
      original_requests_per_minute: Math.round(usual * 600) / 10,
    },
  ];
}

/** Requests per second of the callers that match the filter at the time `ts`, without retries. */
function usualRate(scenario: Scenario, where: CallerFilter, ts: number, rate: number): number {
  const weight = (some: typeof scenario.callers) => some.reduce((sum, caller) => sum + caller.weight, 0);
  const share =
    weight(scenario.callers.filter((caller) => matches(caller, where))) / weight(scenario.callers);
  return rate * share * (scenario.diurnal ? dayCurve(ts) : 1);
}
