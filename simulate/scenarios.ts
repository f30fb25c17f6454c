import type { Scenario } from './scenario.ts';
import { accessScenarios } from './scenarios/access.ts';
import { accountScenarios } from './scenarios/account.ts';
import { calmScenarios } from './scenarios/calm.ts';
import { dayScenarios } from './scenarios/days.ts';
import { demandScenarios } from './scenarios/demand.ts';
import { disorderScenarios } from './scenarios/disorder.ts';
import { gatewayScenarios } from './scenarios/gateway.ts';
import { load } from './scenarios/load.ts';
import { providerScenarios } from './scenarios/provider.ts';
import { requestScenarios } from './scenarios/request.ts';
import { weeklyScenarios } from './scenarios/weekly.ts';

/** Every scenario, in the order of `--help`. Add new scenarios here. */
export const scenarios: readonly Scenario[] = [
  ...dayScenarios,
  ...demandScenarios,
  ...requestScenarios,
  ...calmScenarios,
  ...accountScenarios,
  ...providerScenarios,
  ...accessScenarios,
  ...gatewayScenarios,
  ...disorderScenarios,
  ...weeklyScenarios,
  load,
];

/** The scenario with this name, or null. */
export function findScenario(name: string): Scenario | null {
  return scenarios.find((scenario) => scenario.name === name) ?? null;
}
