import type { ErrorClass } from '../domain/error-class.ts';
import type { Attempt } from './attempt.ts';
import type { Caller } from './caller.ts';
import { chooser, weightOf } from './chooser.ts';
import { catalogue, failuresOf } from './failures/catalogue.ts';
import type { SimulatedFailure } from './failures/failure.ts';
import type { Random } from './random.ts';
import { slowDownChance, surgeFactor } from './rate.ts';
import {
  type Exhaustion,
  type SimulatedFault,
  matches,
  type Scenario,
  type ScenarioEvent,
} from './scenario.ts';

/**
 * Outside of incidents, two answers of the class `slow_down` are at least this far apart, and so are two answers of the
 * class `quota_exceeded`. So no minute has three answers of one of these classes, and no detector may find an incident
 * in them.
 */
const STRAY_GAP_MS = 45_000;

/**
 * Decides what happens to an attempt; null: it succeeds. Events of the scenario are tried before the background
 * failures.
 */
export function planOutcomes(
  scenario: Scenario,
  from: number,
  random: Random,
): (attempt: Attempt) => SimulatedFailure | null {
  const backgrounds = new Map(scenario.callers.map((caller) => [caller, backgroundOf(scenario, caller)]));
  const surges = scenario.events.flatMap((event) =>
    event.kind === 'slow_down_surge' ? [planned(event)] : [],
  );
  const exhaustions = scenario.events.flatMap((event) =>
    event.kind === 'quota_exhausted' ? [{ ...planned(event), failures: quotaFailures(event) }] : [],
  );
  const faults = scenario.events.flatMap((event) =>
    event.kind === 'fault' ? [{ ...planned(event), waysOf: faultFailures(event) }] : [],
  );
  const lastStray = new Map<ErrorClass, number>();

  function planned<E extends ScenarioEvent>(event: E) {
    return { event, callers: new Set(scenario.callers.filter((caller) => matches(caller, event.where))) };
  }

  function fromEvents({ at, caller }: Attempt): SimulatedFailure | null {
    for (const { event, callers, failures } of exhaustions) {
      const since = at - from - event.after_ms;
      if (since >= 0 && since < event.lasts_ms && callers.has(caller)) return random.pick(failures);
    }
    for (const { event, callers } of surges) {
      if (!callers.has(caller)) continue;
      const chance = slowDownChance(surgeFactor(event, at - from));
      if (chance > 0 && random.next() < chance) return random.pick(slowDowns);
    }
    for (const { event, callers, waysOf } of faults) {
      const since = at - from - event.after_ms;
      if (since < 0 || since >= event.lasts_ms || !callers.has(caller)) continue;
      if (random.next() < event.share) return random.pick(waysOf(caller));
    }
    return null;
  }

  return (attempt) => {
    const { caller, at } = attempt;
    if (scenario.events.length > 0 && caller.always === null) {
      const failure = fromEvents(attempt);
      if (failure !== null) return failure;
    }
    const background = backgrounds.get(caller);
    if (background === undefined || random.next() >= background.share) return null;
    const failure = random.pick(background.choose());
    if (failure.class !== 'slow_down' && failure.class !== 'quota_exceeded') return failure;
    if (at - (lastStray.get(failure.class) ?? Number.NEGATIVE_INFINITY) < STRAY_GAP_MS) return null;
    lastStray.set(failure.class, at);
    return failure;
  };

  function backgroundOf({ background }: Scenario, caller: Caller) {
    const rows = classesOf(background, caller)
      .map(([cls, weight]) => ({ failures: failuresOf(caller, cls), weight }))
      .filter((row) => row.failures.length > 0);
    const choose = chooser(rows, random);
    return { share: caller.always === null ? weightOf(rows) : 1, choose: () => choose().failures };
  }
}

function classesOf(background: Scenario['background'], caller: Caller): [ErrorClass, number][] {
  if (caller.always !== null) return [[caller.always, 1]];
  return Object.entries(background) as [ErrorClass, number][];
}

const slowDowns = catalogue.filter((row) => row.class === 'slow_down');

/** The failures that a fault can cause for a caller, looked up once per caller. */
function faultFailures({
  classes,
  subclass,
  ids,
  retried,
  where,
}: SimulatedFault): (caller: Caller) => readonly SimulatedFailure[] {
  const known = new Map<Caller, readonly SimulatedFailure[]>();
  return (caller) => {
    const found = known.get(caller);
    if (found !== undefined) return found;
    const ways = classes
      .flatMap((cls) => failuresOf(caller, cls, ids))
      .filter((row) => subclass === undefined || row.subclass === subclass)
      .map((row) => (retried === true ? { ...row, retried } : row));
    if (ways.length === 0)
      throw new RangeError(
        `no failure of ${classes.join(', ')} fits ${caller.client} at ${caller.provider} (${JSON.stringify(where)})`,
      );
    known.set(caller, ways);
    return ways;
  };
}

/**
 * Uses only failures of the provider to which the event belongs, because providers have different words for the same
 * quota.
 */
function quotaFailures({ where, subclass }: Exhaustion): readonly SimulatedFailure[] {
  const provider = where.provider ?? 'openai';
  return catalogue.filter(
    (row) => row.class === 'quota_exceeded' && row.subclass === subclass && row.provider === provider,
  );
}
