import type { SimulatedRecord } from '../../simulate/record.ts';
import { matches, type TrueIncident } from '../../simulate/scenario.ts';

/** So many failures are enough to see what is going on. */
const ENOUGH = 5;

/** Collects, while the traffic passes, when each incident could first be seen. */
export interface Evidence {
  add(record: SimulatedRecord): void;
  /** For each true incident, when there was enough to see it, epoch milliseconds; undefined: never. */
  times(): (number | undefined)[];
}

/** Watches the traffic for the moments from which on true incidents can be seen: their fifth failure. */
export function evidenceOf(truths: readonly TrueIncident[]): Evidence {
  const seen = truths.map((truth) => ({ truth, failures: 0, at: undefined as number | undefined }));
  return {
    add(record) {
      if (record.label === 'ok') return;
      for (const one of seen) {
        const { truth } = one;
        const { key, ...where } = truth.scope;
        if (one.at !== undefined || record.ts < truth.started_at) continue;
        if (!truth.classes.some((name) => name === record.label)) continue;
        if (!matches(record.caller, { ...where, api_key: key })) continue;
        one.failures++;
        if (one.failures === ENOUGH) one.at = record.ts;
      }
    },
    times: () => seen.map(({ at }) => at),
  };
}
