import * as units from '@grafana/grafana-foundation-sdk/units';
import type { Unit } from '../panel.ts';

const names: Readonly<Record<Unit, string>> = {
  count: units.Short,
  ratio: units.PercentUnit,
  per_second: units.Short,
  per_minute: units.Short,
  ms: units.Milliseconds,
  seconds: units.Seconds,
  usd: units.Dollars,
  time: units.DatetimeISO,
  age: units.DateTimeFromNow,
  text: units.String,
};

/** Grafana's name of a unit. A rate is a plain number: its panel names the period. */
export function grafanaUnit(unit: Unit): string {
  return names[unit];
}

/** All names of units that faultline uses in Grafana; any other in a file is a mistake. */
export const knownGrafanaUnits: ReadonlySet<string> = new Set(Object.values(names));
