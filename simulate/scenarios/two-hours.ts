import type { SimulatedFault, LoadChange, Scenario } from '../scenario.ts';
import { calmDay } from './days.ts';
import { ORG } from './harborline.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The events of the short scenarios begin at this time, so that the hour before them shows what is usual. */
export const EVENT_AT = 65 * MINUTE;
/** The callers of OpenAI at the company of the day scenarios. */
export const OPENAI = { provider: 'openai', org: ORG };

/** Two hours at the company of the day scenarios: constant traffic with some events. */
export function twoHours(
  name: string,
  title: string,
  events: Scenario['events'],
  more: Partial<Scenario> = {},
): Scenario {
  return { ...calmDay, name, title, duration_ms: 2 * HOUR, diurnal: false, events, ...more };
}

/** Traffic that grows or falls by a factor, half an hour long; no incident unless `truth` says so. */
export function loadChange(
  where: LoadChange['where'],
  factor: number,
  more: Partial<LoadChange> = {},
): LoadChange {
  return {
    kind: 'load',
    where,
    after_ms: EVENT_AT,
    ramp_ms: 3 * MINUTE,
    lasts_ms: 30 * MINUTE,
    factor,
    truth: null,
    ...more,
  };
}

/** A share of the requests of some callers fails for half an hour. */
export function failing(
  fault: Partial<SimulatedFault> & Pick<SimulatedFault, 'where' | 'classes' | 'truth'>,
): SimulatedFault {
  return { kind: 'fault', after_ms: EVENT_AT, lasts_ms: 30 * MINUTE, share: 0.5, ...fault };
}
