import { poissonTail } from '../../analyzers/poisson-tail.ts';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { SimulatedRecord } from '../../simulate/record.ts';
import { matches, type Scenario, type TrueIncident } from '../../simulate/scenario.ts';

/** So many failures are enough to see what is going on, if the usual rate of the scope gives so many this seldom. */
const ENOUGH = 5;
const CHANCE = 1e-6;
/** So many refusals within a minute are the limit, not one of the strays. */
const REFUSALS = 3;
const MINUTE = 60_000;

/** What is warned of: the refusals by which it would be too late. Null: nothing is ever refused. */
const warnings: Readonly<Partial<Record<TrueIncident['kind'], ErrorClass | null>>> = {
  rate_limit_saturation: 'rate_limit',
  slow_down_risk: 'slow_down',
  quota_forecast: null,
};

/** When a true incident could be seen, epoch milliseconds. */
export interface Evidence {
  /** Enough failures for anybody to see it; null: never, or nothing fails by it. */
  evident_at: number | null;
  /** Of what is to be warned of, the first refusals; null: none. */
  refused_at: number | null;
  is_warning: boolean;
}

/** Watches the traffic, record by record in order of time, for the moments from which on true incidents can be seen. */
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
