import type { ErrorClass } from '../domain/error-class.ts';
import type { Attempt } from './attempt.ts';
import type { Caller } from './caller.ts';
import { chooser, weightOf } from './chooser.ts';
import { catalogue, failuresOf } from './failures/catalogue.ts';
import type { Failure } from './failures/failure.ts';
import type { Random } from './random.ts';
import { slowDownChance, surgeFactor } from './rate.ts';
import { type Exhaustion, matches, type Scenario, type Surge } from './scenario.ts';

/** Slow Down and quota answers outside incidents keep this distance, so that no minute holds three of either. */
const STRAY_GAP_MS = 45_000;

/** How an attempt ends: null for a success. Events come before the background. */
export function planOutcomes(
  scenario: Scenario,
  from: number,
  random: Random,
): (attempt: Attempt) => Failure | null {
  const backgrounds = new Map(scenario.callers.map((caller) => [caller, backgroundOf(scenario, caller)]));
  const surges = scenario.events.filter((event): event is Surge => event.kind === 'slow_down_surge');
  const exhaustions = scenario.events.filter(
    (event): event is Exhaustion => event.kind === 'quota_exhausted',
  );
  const lastStray = new Map<ErrorClass, number>();

  function fromEvents({ at, caller }: Attempt): Failure | null {
    for (const event of exhaustions) {
      const since = at - from - event.after_ms;
      if (since < 0 || since >= event.lasts_ms || !matches(caller, event.where)) continue;
      return random.pick(quotaFailures(event));
    }
    for (const surge of surges) {
      const chance = slowDownChance(surgeFactor(surge, at - from));
      if (chance === 0 || !matches(caller, surge.where)) continue;
      if (random.next() < chance) return random.pick(slowDowns);
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

function quotaFailures(event: Exhaustion): readonly Failure[] {
  return catalogue.filter((row) => row.class === 'quota_exceeded' && row.subclass === event.subclass);
}
