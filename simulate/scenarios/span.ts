import type { Scenario } from '../scenario.ts';
import { calmDay } from './days.ts';
import { ORG } from './harborline.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The events of the short scenarios begin here, so that the hour before shows what is usual. */
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
