import { type Attempt, enqueue, nextAttempt } from './attempt.ts';
import { chooser, weightOf } from './chooser.ts';
import { disordered } from './disorder.ts';
import { failed, success } from './make-record.ts';
import { planOutcomes } from './outcomes.ts';
import { createRandom, type Random } from './random.ts';
import { DAY_CURVE_MAX, dayCurve, surgeFactor } from './rate.ts';
import type { SimulatedRecord } from './record.ts';
import { type LoadChange, matches, type Scenario, type ScenarioEvent, type Surge } from './scenario.ts';
import { tokenBuckets } from './token-bucket.ts';

export interface GenerateOptions {
  /** The same seed gives the same records. */
  seed: number | string;
  /** First moment of the traffic, epoch milliseconds. */
  from: number;
  /** End, exclusive; `Infinity` for endless traffic. */
  to: number;
  /** Mean requests per second without retries; absent: the rate of the scenario. */
  rate?: number;
}

/**
 * The records of a scenario in order of time, deterministic by seed. First attempts are a Poisson stream around the
 * rate of the scenario; failures are retried with the back-off of the SDKs. Only waiting attempts are held in memory,
 * whatever the length.
 */
export function generate(scenario: Scenario, options: GenerateOptions): Iterable<SimulatedRecord> {
  const records = inOrder(scenario, options);
  return scenario.disorder === undefined ? records : disordered(records, scenario.disorder, options);
}

function* inOrder(scenario: Scenario, options: GenerateOptions): Generator<SimulatedRecord> {
  const random = createRandom(options.seed);
  const { from, to } = options;
  const arrivals = planArrivals(scenario, options, random);
  const judge = planOutcomes(scenario, from, random);
  const takeToken = tokenBuckets(scenario, random);
  const waiting: Attempt[] = [];
  let first = arrivals(from);
  for (;;) {
    const again = waiting[0];
    const attempt = again !== undefined && again.at <= first.at ? again : first;
    if (attempt.at >= to) return;
    if (attempt === again) waiting.shift();
    else first = arrivals(attempt.at);

    const failure = judge(attempt) ?? takeToken(attempt);
    const record =
      failure === null ? success(attempt, scenario.header_share, random) : failed(failure, attempt, random);
    if (failure?.retried === true && attempt.retry_count < attempt.caller.max_retries) {
      enqueue(waiting, nextAttempt(attempt, failure, random));
    }
    yield record;
  }
}

/**
 * Returns a function that gives the next first attempt after a time. Candidates are drawn at the highest rate of the
 * scenario. Some candidates are skipped, so that the present rate remains (thinning).
 */
function planArrivals(
  scenario: Scenario,
  options: GenerateOptions,
  random: Random,
): (after: number) => Attempt {
  const { from } = options;
  const rate = (options.rate ?? scenario.requests_per_second) / 1_000;
  const usual = chooser(scenario.callers, random);
  const changes = scenario.events.filter(changesLoad);
  const falls = changes
    .filter((change) => change.factor < 1)
    .map((change) => ({
      change,
      callers: new Set(scenario.callers.filter((caller) => matches(caller, change.where))),
    }));
  const surges = changes
    .filter((change) => change.factor > 1)
    .map((surge) => {
      const callers = scenario.callers.filter((caller) => matches(caller, surge.where));
      return {
        surge,
        choose: chooser(callers, random),
        share: weightOf(callers) / weightOf(scenario.callers),
      };
    });
  const dayMax = scenario.diurnal ? DAY_CURVE_MAX : 1;
  const extraMax = surges.reduce((sum, { surge, share }) => sum + share * (surge.factor - 1), 0);
  const highest = rate * dayMax * (1 + extraMax);
  let clock = Number.NaN;
  const { hours } = scenario;
  /** The given time if the scenario sends at that time; otherwise the time when the scenario begins to send again. */
  const openAt = (elapsed: number): number => {
    const next = hours?.find(({ to_ms }) => elapsed < to_ms);
    return next === undefined ? elapsed : Math.max(elapsed, next.from_ms);
  };

  return (after) => {
    // The exact time is kept in addition to the whole milliseconds of the records. Rounding errors would add up, and
    // high rates would be wrong.
    if (Number.isNaN(clock)) clock = after;
    for (;;) {
      clock = from + openAt(clock - from) - Math.log(1 - random.next()) / highest;
      let lot = random.next() * dayMax * (1 + extraMax);
      const day = scenario.diurnal ? dayCurve(clock) : 1;
      if (lot < day) {
        const caller = usual();
        const isSilent = falls.some(
          ({ change, callers }) => callers.has(caller) && random.next() >= surgeFactor(change, clock - from),
        );
        if (isSilent) continue;
        return { at: Math.floor(clock), caller, retry_count: 0 };
      }
      lot -= day;
      for (const { surge, choose, share } of surges) {
        const extra = day * share * (surgeFactor(surge, clock - from) - 1);
        if (lot < extra) return { at: Math.floor(clock), caller: choose(), retry_count: 0 };
        lot -= extra;
      }
    }
  };
}

function changesLoad(event: ScenarioEvent): event is Surge | LoadChange {
  return event.kind === 'slow_down_surge' || event.kind === 'load';
}
