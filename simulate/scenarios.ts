import type { Scenario } from './scenario.ts';
import { dayScenarios } from './scenarios/days.ts';
import { load } from './scenarios/load.ts';

/** Every scenario, in the order that `--help` lists them. A new one is a new entry here. */
export const scenarios: readonly Scenario[] = [...dayScenarios, load];

/** The scenario of that name, or null. */
export function findScenario(name: string): Scenario | null {
  return scenarios.find((scenario) => scenario.name === name) ?? null;
}
