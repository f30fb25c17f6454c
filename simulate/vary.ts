import { createRandom } from './random.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';

/** Events begin no earlier than this, so that usual traffic comes before them. */
const EARLIEST_MS = 40 * 60_000;
const SHIFT_MS = 12 * 60_000;

/**
 * The scenario with different numbers: events come earlier or later, last longer or shorter, and are stronger or
 * weaker. The traffic is between half and twice as large. The same seed gives the same numbers.
 */
export function vary(scenario: Scenario, seed: number | string): Scenario {
  const random = createRandom(`vary ${scenario.name} ${seed}`);
  const spread = (low: number, high: number): number => low + (high - low) * random.next();
  // A budget in the settings is made for the original traffic, so the amount of traffic does not change.
  const volume = scenario.settings === undefined ? 2 ** spread(-1, 1) : 1;
  const earliest = Math.min(...scenario.events.map((event) => event.after_ms).filter((after) => after > 0));
  const shift = Math.max(spread(-SHIFT_MS, SHIFT_MS), EARLIEST_MS - earliest);
  const length = spread(0.8, 1.2);
  const strength = spread(0.75, 1.25);
  const events = scenario.events.map((event): ScenarioEvent => {
    // An event that starts with the traffic (a service that does not exist yet) ends when the next event begins.
    if (event.after_ms === 0) return { ...event, lasts_ms: event.lasts_ms + shift };
    const times = { after_ms: event.after_ms + shift, lasts_ms: event.lasts_ms * length };
    if (event.kind === 'fault')
      return { ...event, ...times, share: event.share === 1 ? 1 : Math.min(0.95, event.share * strength) };
    if (event.kind === 'slow_down_surge')
      return { ...event, ...times, factor: 1 + (event.factor - 1) * strength };
    return { ...event, ...times };
  });
  return {
    ...scenario,
    requests_per_second: scenario.requests_per_second * volume,
    events,
    ...(scenario.buckets === undefined
      ? {}
      : {
          buckets: scenario.buckets.map((bucket) => ({
            ...bucket,
            requests_per_minute: Math.max(1, Math.round(bucket.requests_per_minute * volume)),
          })),
        }),
  };
}
