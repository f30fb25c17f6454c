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

/** Grafana's name of a unit. A rate is a number: its panel says per what. */
export function grafanaUnit(unit: Unit): string {
  return names[unit];
}

/** All names this project gives to Grafana; any other in a file is a mistake. */
export const knownGrafanaUnits: ReadonlySet<string> = new Set(Object.values(names));
