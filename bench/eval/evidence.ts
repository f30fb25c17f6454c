import { binomialTail } from '../../analyzers/poisson-tail.ts';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { SimulatedRecord } from '../../simulate/record.ts';
import { matches, type Scenario, type TrueIncident } from '../../simulate/scenario.ts';

/** Nobody acts on fewer failures than this: a person who types a wrong key twice is no incident. */
const LEAST = 5;
/** The observer may raise one false alarm in this many days, over all callers that it watches. */
const DAYS = 100;
/** Two looks less than a minute apart see nearly the same failures, so the observer has this many chances a day. */
const LOOKS_A_DAY = 1_440;
/** The observer tries each of the latest failures as the beginning of the trouble, up to this many. */
const BEGINNINGS = 500;
/** This many refusals within a minute show that the limit is reached; fewer may be stray answers. */
const REFUSALS = 3;
const MINUTE = 60_000;

/** For kinds that warn: the class of the refusals that the warning must come before. Null: nothing is ever refused. */
const warnings: Readonly<Partial<Record<TrueIncident['kind'], ErrorClass | null>>> = {
  rate_limit_saturation: 'rate_limit',
  slow_down_risk: 'slow_down',
  quota_forecast: null,
};

/** When a true incident could be seen, epoch milliseconds. */
export interface Evidence {
  /**
   * When the failures were enough for an ideal observer; null: never, or nothing fails in this kind of incident.
   * docs/simulate.md defines this moment.
   */
  evident_at: number | null;
  /** For kinds that warn: when the first refusals came; null: none came. */
  refused_at: number | null;
  is_warning: boolean;
}

/** Reads the traffic in order of time and notes when each true incident became visible. */
export function evidenceOf(
  truths: readonly TrueIncident[],
  { background, callers }: Pick<Scenario, 'background' | 'callers'>,
): { add(record: SimulatedRecord): void; found(): Evidence[] } {
  const chance = 1 / (DAYS * LOOKS_A_DAY * callers.length);
  const seen = truths.map((truth) => {
    const { key, ...where } = truth.scope;
    return {
      truth,
      where: { ...where, api_key: key },
      refusal: warnings[truth.kind],
      observer: idealObserver(usualShare(truth, background), chance),
      refusals: [] as number[],
      evident_at: null as number | null,
      refused_at: null as number | null,
    };
  });
  return {
    add({ caller, label, ts, retry_count: retry }) {
      for (const one of seen) {
        const { truth, refusal } = one;
        if (ts < truth.started_at || !matches(caller, one.where)) continue;
        if (refusal !== undefined) {
          if (label !== refusal || one.refused_at !== null) continue;
          one.refusals = [...one.refusals, ts].slice(-REFUSALS);
          if (one.refusals.length === REFUSALS && ts - (one.refusals[0] ?? 0) <= MINUTE) one.refused_at = ts;
          continue;
        }
        if (one.evident_at !== null) continue;
        const { classes, kind } = truth;
        const isFailure = label !== 'ok' && (classes.length === 0 || classes.some((name) => name === label));
        const isStorm = kind === 'retry_storm';
        if (!isStorm || retry === 0) one.observer.see();
        if (isFailure && (!isStorm || retry === 1) && one.observer.isEnough()) one.evident_at = ts;
      }
    },
    found: () =>
      seen.map(({ evident_at, refused_at, refusal }) => ({
        evident_at,
        refused_at,
        is_warning: refusal !== undefined,
      })),
  };
}

/**
 * The share of the requests in the scope (0 to 1) that fails like this when nothing is wrong. Every failed attempt
 * counts, also a retry, so that the moment is too early rather than too late. In a retry storm only a request counts
 * that failed and whose first retry failed too: a single failure is no storm, and neither are many retries of one
 * request.
 */
function usualShare(
  { classes, usual_share: more = 0, kind }: TrueIncident,
  background: Scenario['background'],
): number {
  const share = classes.reduce((sum, name) => sum + (background[name] ?? 0), more);
  return kind === 'retry_storm' ? share ** 2 : share;
}

/**
 * Watches the requests of one scope. The observer knows the true usual share, but not when the trouble begins or how
 * strong it is. It has seen enough when, from any earlier failure on, there are at least `LEAST` failures, and the
 * usual share would cause as many with a probability below `chance`.
 */
function idealObserver(usual: number, chance: number): { see(): void; isEnough(): boolean } {
  let requests = 0;
  /** The number of requests before each failure, latest last. */
  const before: number[] = [];
  return {
    see() {
      requests++;
    },
    /** Adds a failure, and returns whether the failures are enough. Call `see` for the request first. */
    isEnough() {
      before.push(requests - 1);
      if (before.length > BEGINNINGS) before.shift();
      return before.some((first, i) => {
        const failures = before.length - i;
        return failures >= LEAST && binomialTail(failures, requests - first, usual) < chance;
      });
    },
  };
}
