import type { SimulatedRecord } from '../../simulate/record.ts';
import { matches, type TrueIncident } from '../../simulate/scenario.ts';

/** With this many failures an incident can be seen. */
const ENOUGH = 5;

/** Finds, while the traffic passes, when each incident could first be seen. */
export interface Evidence {
  add(record: SimulatedRecord): void;
  /** For each true incident, the time of enough evidence, epoch milliseconds; undefined: never. */
  times(): (number | undefined)[];
}

/** Watches the traffic for the fifth failure of each true incident: from then on it can be seen. */
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
