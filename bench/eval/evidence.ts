import { poissonTail } from '../../analyzers/poisson-tail.ts';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { SimulatedRecord } from '../../simulate/record.ts';
import { matches, type Scenario, type TrueIncident } from '../../simulate/scenario.ts';

/**
 * An incident counts as visible after this many failures, if the usual rate of its scope would give so many only with a
 * very small chance.
 */
const ENOUGH = 5;
const CHANCE = 1e-6;
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
  /** When there were enough failures for anybody to notice; null: never, or nothing fails in this kind of incident. */
  evident_at: number | null;
  /** For kinds that warn: when the first refusals came; null: none came. */
  refused_at: number | null;
  is_warning: boolean;
}

/** Reads the traffic in order of time and notes when each true incident became visible. */
export function evidenceOf(
  truths: readonly TrueIncident[],
  { background }: Pick<Scenario, 'background'>,
): { add(record: SimulatedRecord): void; found(): Evidence[] } {
  const seen = truths.map((truth) => {
    const refusal = warnings[truth.kind];
    const { key, ...where } = truth.scope;
    return {
      truth,
      where: { ...where, api_key: key },
      usual: truth.classes.reduce((sum, name) => sum + (background[name] ?? 0), truth.usual_share ?? 0),
      refusal,
      requests: 0,
      failures: 0,
      refusals: [] as number[],
      evident_at: null as number | null,
      refused_at: null as number | null,
    };
  });
  return {
    add({ caller, label, ts }) {
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
        one.requests++;
        const { classes } = truth;
        if (label === 'ok' || (classes.length > 0 && !classes.some((name) => name === label))) continue;
        one.failures++;
        if (one.failures >= ENOUGH && poissonTail(one.failures, one.usual * one.requests) < CHANCE)
          one.evident_at = ts;
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
